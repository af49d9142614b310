"""Who sends what changes something: a page of ours at the public address, and no other."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from moodtracker.settings import Settings

_OWN_MACHINE = ("localhost", "127.0.0.1", "[::1]")


class Origins:
    """The origins of our own pages (RFC 6454): that of BASE_URL.

    A BASE_URL on this machine may be opened by each of the machine's names for itself.
    """

    def __init__(self, settings: Settings) -> None:
        """Take the public address from the settings."""
        self.public = settings.origin
        scheme, _, port = _parts(settings.origin)
        names = _OWN_MACHINE if _is_own_machine(settings.hostname) else ()
        self._ours = {self.public, *(f"{scheme}://{name}{port}" for name in names)}

    def are_ours(self, headers: Headers) -> bool:
        """Whether this was sent by one of our pages, or by no page at all.

        Browsers name the sender's origin on each websocket and each form, or say at least whether
        it is another site's (Fetch Metadata); what says neither is no browser, and carries nobody's
        cookie but its own.
        """
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        return origin in self._ours


def _parts(origin: str) -> tuple[str, str, str]:
    """Scheme, host, and ':port' or ''."""
    parts = urlsplit(origin)
    return parts.scheme, parts.hostname or "", f":{parts.port}" if parts.port else ""


def _is_own_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
