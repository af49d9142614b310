"""What proxies say about a request: believed of whom the operator named, and only the address."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from moodtracker.setting_values import Network

_FORWARDED_FOR = b"x-forwarded-for"


class Forwarded:
    """ASGI middleware around all others: whom a request is from, and nothing else of its claims.

    ``scope["client"]`` becomes the client's address where a trusted proxy tells it; who asked and
    what it claimed stays in the request's ``state`` as ``asked_by``, to be looked at. Scheme, host
    and prefix are BASE_URL's to say and nobody else's, so that whatever else came as
    ``X-Forwarded-*`` or ``Forwarded`` (RFC 7239) is taken out: NiceGUI would believe it.
    """

    def __init__(self, inner: ASGIApp, proxies: tuple[Network, ...]) -> None:
        """Serve ``inner``; believe ``proxies`` (TRUSTED_PROXIES)."""
        self._inner = inner
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, cleared of claims."""
        if scope["type"] in ("http", "websocket") and scope.get("client"):
            claims = [header for header in scope["headers"] if _is_claim(header[0])]
            peer, port = scope["client"]
            claimed = b",".join(value for name, value in claims if name == _FORWARDED_FOR)
            client = client_address(peer, claimed.decode("latin-1"), self._proxies)
            scope.setdefault("state", {})["asked_by"] = (peer, claimed.decode("latin-1"))
            if client != peer:
                scope = {**scope, "client": (client, port)}
            if claims:
                scope = {
                    **scope,
                    "headers": [each for each in scope["headers"] if not _is_claim(each[0])],
                }
        await self._inner(scope, receive, send)


def client_address(peer: str, claimed: str, proxies: Iterable[Network]) -> str:
    """The address that a request comes from, as far as anybody who is believed can tell.

    ``claimed`` is X-Forwarded-For, to which every proxy adds, on the right, whom it was asked by.
    So it is read from the right: the first address that is not a trusted proxy's is the client's,
    and what stands left of it is the client's own invention.
    """
    address = _parsed(peer)
    if address is None:
        return peer
    for part in reversed(claimed.split(",")) if claimed else ():
        if not any(address in network for network in proxies):
            break
        before = _parsed(part.strip())
        if before is None:
            break
        address = before
    return str(address)


def _is_claim(name: bytes) -> bool:
    return name.startswith(b"x-forwarded-") or name == b"forwarded"


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """'192.0.2.1', '2001:db8::1', or one of them with a port, as some proxies write it."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # What a socket that listens to both families calls an IPv4 address (RFC 4291, 2.5.5.2).
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
