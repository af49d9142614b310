"""The public address: does it fit, and does a proxy in between let everything through."""

import base64
import secrets
import ssl
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING

from moodtracker.checks.finding import Finding
from moodtracker.settings import Settings

if TYPE_CHECKING:
    import httpx

_SUBJECT = "address"
_PROXY = "proxy"
_SECONDS = 10.0
_RECIPES = "See docs/proxies.md for a configuration that works."
_SWITCHED, _FORBIDDEN = 101, 403


def look(config: Settings) -> Iterator[Finding]:
    """Whether people reach the app at BASE_URL, and what they would meet."""
    local = config.hostname in ("localhost", "127.0.0.1", "::1")
    if local and not config.is_local:
        yield Finding.warning(
            _SUBJECT,
            f"{config.base_url} is this machine alone, and other machines may connect: links in "
            "mails lead nowhere.",
            "Set MOODTRACKER_BASE_URL to the address that people type.",
        )
    elif not config.secure and not local:
        yield Finding.warning(
            _SUBJECT,
            f"{config.base_url} is not encrypted: passwords and moods can be read on their way.",
            f"Put a proxy with TLS in front, and set MOODTRACKER_BASE_URL. {_RECIPES}",
        )
    yield from _proxies(config)
    yield from _reach(config)


def look_at_request(config: Settings, peer: str, headers: Mapping[str, str]) -> Iterator[Finding]:
    """What a request that came in tells of the proxy: ``peer`` is the address it came from."""
    forwarded = headers.get("x-forwarded-for")
    trusted = _is_trusted(config, peer)
    if forwarded and not trusted:
        yield Finding.warning(
            _PROXY,
            f"The proxy at {peer} says for whom it asks, and is not believed: all people share "
            "its address, and its failed sign-ins.",
            f"Set MOODTRACKER_TRUSTED_PROXIES={peer}",
        )
    elif not forwarded and trusted:
        yield Finding.warning(
            _PROXY,
            f"The proxy at {peer} does not say for whom it asks.",
            f"Let it send X-Forwarded-For. {_RECIPES}",
        )
    host = headers.get("host", "")
    if host and host != config.origin.partition("://")[2]:
        yield Finding.fault(
            _PROXY,
            f"This page was asked for at {host}, and the app expects {config.origin}.",
            f"Let the proxy pass the Host header on, or set MOODTRACKER_BASE_URL. {_RECIPES}",
        )


def _is_trusted(config: Settings, peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in config.trusted_proxies)


def _proxies(config: Settings) -> Iterator[Finding]:
    everybody = [str(network) for network in config.trusted_proxies if network.prefixlen == 0]
    if everybody:
        yield Finding.warning(
            _PROXY,
            f"{', '.join(everybody)} in MOODTRACKER_TRUSTED_PROXIES is everybody: each visitor may "
            "claim any address.",
            "Name the proxy's own address or network.",
        )
    elif config.secure and not config.trusted_proxies:
        yield Finding.warning(
            _PROXY,
            "BASE_URL is https, so a proxy stands in front, and none is trusted: all people seem "
            "to come from its address, and share its failed sign-ins.",
            "Set MOODTRACKER_TRUSTED_PROXIES to its address, such as 127.0.0.1.",
        )


def _reach(config: Settings) -> Iterator[Finding]:
    import httpx  # noqa: PLC0415 - 5 MB that nobody needs before something is looked at

    try:
        with httpx.Client(timeout=_SECONDS) as client:
            answer = client.get(f"{config.base_url}/healthz")
            if finding := _wrong_answer(config, answer):
                yield finding
                return
            if not _takes_websockets(client, config):
                yield Finding.fault(
                    _PROXY,
                    "Websockets do not get through: boards would not open or stay silent.",
                    f"Let the proxy pass Upgrade and Connection on. {_RECIPES}",
                )
                return
    except (httpx.TransportError, ssl.SSLError) as error:
        yield _unreached(config, error)
        return
    yield Finding.ok(_SUBJECT, f"{config.base_url} answers, and takes websockets.")


def _wrong_answer(config: Settings, answer: "httpx.Response") -> Finding | None:
    if answer.is_success and answer.text == "ok":
        return None
    if answer.has_redirect_location:
        return Finding.fault(
            _SUBJECT,
            f"{config.base_url} leads on to {answer.headers['location']}.",
            "Set MOODTRACKER_BASE_URL to the address at which people end up.",
        )
    if answer.is_server_error:
        return Finding.fault(
            _SUBJECT,
            f"The proxy at {config.base_url} does not reach Moodtracker ({answer.status_code}).",
            f"Is it running, at the host and port where the proxy looks? {_RECIPES}",
        )
    return Finding.fault(
        _SUBJECT,
        f"Something else than Moodtracker answers at {config.base_url} ({answer.status_code}).",
        f"Set MOODTRACKER_BASE_URL, or mend the proxy. {_RECIPES}",
    )


def _takes_websockets(client: "httpx.Client", config: Settings) -> bool:
    """Whether a handshake (RFC 6455) reaches the app, which takes it or forbids it."""
    answer = client.send(
        client.build_request(
            "GET",
            f"{config.base_url}/_nicegui_ws/socket.io/?EIO=4&transport=websocket",
            headers={
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Origin": config.origin,
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
            },
        ),
        stream=True,
    )
    answer.close()
    return answer.status_code in (_SWITCHED, _FORBIDDEN)


def _unreached(config: Settings, error: Exception) -> Finding:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Finding.fault(
            _SUBJECT,
            f"The certificate of {config.base_url} is not trusted.",
            "Renew it, give the proxy its whole chain, or install its authority on this machine.",
        )
    return Finding.warning(
        _SUBJECT,
        f"Nothing answers at {config.base_url} from this machine ({type(error).__name__}).",
        "Start Moodtracker and its proxy. If people do reach it, all is well: some home routers "
        "do not let a machine inside call its own public address.",
    )
