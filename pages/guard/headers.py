"""How a browser has to treat our answers, so that what slips in anywhere can do little."""

from collections.abc import Iterable

from jinja2.ext import Extension
from nicegui import client as nicegui_client
from starlette.requests import Request
from starlette.types import Message, Send

from moodtracker.fair_queue import RETRY_SECONDS
from moodtracker.settings import Settings

_HSTS_SECONDS = 31_536_000
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # A link's secret stands in its address, which no browser is to repeat, nor a proxy to log. With
    # 'no-referrer' forms would not say either where they come from.
    "Referrer-Policy": "strict-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "payment",
            "usb",
        )
    ),
}
# A file loads nothing; a drawing that is looked at by itself may carry its own colours.
_FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

_FRAMEWORKS_OWN = b"x-nicegui-content"  # for itself; browsers have no use for it

_LATER = (429, 503)  # RFC 9110, 15.6.4; RFC 6585, 4

_Headers = list[tuple[bytes, bytes]]


class AnswerHeaders:
    """The headers that every answer gets which does not bring its own."""

    def __init__(self, settings: Settings) -> None:
        """Prepare them, by BASE_URL and what else the settings decide."""
        named = dict(_ALWAYS)
        if settings.secure:
            named["Strict-Transport-Security"] = f"max-age={_HSTS_SECONDS}"
        self._always: _Headers = [
            (name.lower().encode(), value.encode()) for name, value in named.items()
        ]
        self._personal: _Headers = [*self._always, (b"cache-control", b"no-store")]
        self._before, self._after = _page_policy(settings).split("NONCE")

    def added(self, send: Send, nonce: str, *, is_kept: bool) -> Send:
        """``send``, adding what is missing.

        ``nonce`` names the scripts that stand in a page; ``is_kept`` is for files that are the same
        for everybody, and whose answers say themselves how long browsers may keep them.
        """
        wanted = self._always if is_kept else self._personal

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                brought: _Headers = [
                    header for header in message.get("headers", ()) if header[0] != _FRAMEWORKS_OWN
                ]
                present = {name.lower(): value for name, value in brought}
                brought += (header for header in wanted if header[0] not in present)
                if message["status"] in _LATER and b"retry-after" not in present:
                    brought.append((b"retry-after", str(RETRY_SECONDS).encode()))
                if b"content-security-policy" not in present:
                    is_page = present.get(b"content-type", b"").startswith(b"text/html")
                    policy = self._policy(nonce) if is_page else _FILE_POLICY
                    brought.append((b"content-security-policy", policy.encode()))
                message["headers"] = brought
            await send(message)

        return sending

    def _policy(self, nonce: str) -> str:
        return f"{self._before}{nonce}{self._after}"


def _page_policy(settings: Settings) -> str:
    """The Content-Security-Policy of a page (CSP Level 3), with NONCE in it.

    NiceGUI compiles its templates, and what the server has the page do, in the browser: that needs
    'unsafe-eval'. Scripts come from our own files or carry the nonce. Styles come from our files,
    except for those in an element's own attribute, which NiceGUI and the drawings write.
    """
    socket = settings.origin.replace("http", "ws", 1)  # older Safari leaves it out of 'self'
    provider = _origins([settings.oidc_issuer] if settings.oidc_issuer else [])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' 'nonce-NONCE' 'unsafe-eval'",
            "style-src 'self'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {socket}",
            "manifest-src 'self'",
            f"form-action 'self'{provider}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _origins(addresses: Iterable[str]) -> str:
    """These addresses as sources; a form's redirect to a provider counts as the form's action."""
    return "".join(" " + "/".join(address.split("/")[:3]) for address in addresses)


def give_nonces_to_templates() -> None:
    """Let the scripts of a page's template carry the nonce of the answer.

    It is put into the template's source, once: what a page holds cannot get one that way.
    """
    templates = nicegui_client.templates
    if _Nonces.identifier not in templates.env.extensions:
        templates.env.add_extension(_Nonces)
        templates.context_processors.append(_nonce)


class _Nonces(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        for begin in ("<script>", '<script type="importmap">'):  # others are files of ours
            source = source.replace(begin, begin[:-1] + ' nonce="{{ nonce }}">')
        return source


def _nonce(request: Request) -> dict[str, str]:
    return {"nonce": getattr(request.state, "nonce", "")}
