"""The document around every page: its language, which way that runs, and the person's theme.

All of it stands in the first HTML (`assets/page/index.html`), so that nothing flashes or moves once
scripts have run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from markupsafe import Markup
from nicegui import client as nicegui_client
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from moodtracker import language
from moodtracker.accounts.sessions import SignedIn
from moodtracker.language import gettext as _
from pages import assets
from pages.sub_path import address

LIGHT, DARK = (
    "#fbfaf6",
    "#16151a",
)  # the paper of assets/style.css, for what the system draws around

_theme: ContextVar[str] = ContextVar("theme", default="system")


class Document:
    """ASGI middleware: while a request is answered, its person's language is spoken.

    Somebody who has chosen none, or is not signed in, hears what the browser asks for.
    """

    def __init__(self, inner: ASGIApp) -> None:
        """Answer by ``inner``, which the guard has told who asks."""
        self._inner = inner
        nicegui_client.templates.context_processors.append(_dress)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        with dressed_for(scope):
            await self._inner(scope, receive, send)


@contextmanager
def dressed_for(scope: Scope) -> Iterator[None]:
    """Speak to whoever asks as they wish, as far as it is known by now who that is."""
    who: SignedIn | None = scope.get("state", {}).get("signed_in")
    chosen = who.person.language if who else ""
    wished = chosen or language.preferred(Headers(scope=scope).get("accept-language", ""))
    with language.speaking(wished), _themed(who.person.theme if who else "system"):
        yield


def has_socket(request: Request) -> bool:
    """Whether the page that answers this opens a socket: only what somebody is signed in for."""
    return request.state.signed_in is not None


def attributes() -> Markup:
    """The attributes of <html>."""
    theme = _theme.get()
    chosen = "" if theme == "system" else f' data-theme="{theme}"'
    return Markup(f' lang="{language.spoken()}" dir="{language.direction()}"{chosen}')  # noqa: S704 - ours


def head() -> Markup:
    """What <head> says to the system: colours to draw around the page, and how to install it."""
    theme = _theme.get()
    colours = "".join(
        f'<meta name="theme-color" content="{colour}"{wish}>'
        for name, colour, wish in (
            ("light", LIGHT, ' media="(prefers-color-scheme: light)"' * (theme == "system")),
            ("dark", DARK, ' media="(prefers-color-scheme: dark)"' * (theme == "system")),
        )
        if theme in ("system", name)
    )
    return Markup(  # noqa: S704 - none of it comes from outside
        f'{colours}<link rel="icon" href="{assets.address("icon.svg")}">'
        f'<link rel="manifest" href="{address("/manifest.webmanifest")}">'
        f'<link rel="apple-touch-icon" href="{address("/icon-180.png")}">'
    )


@contextmanager
def _themed(theme: str) -> Iterator[None]:
    token = _theme.set(theme)
    try:
        yield
    finally:
        _theme.reset(token)


def _dress(request: Request) -> dict[str, str]:
    return {
        "has_socket": "true" if has_socket(request) else "false",
        "attributes": attributes(),
        "head": head(),
        "page_js": assets.address("page.js"),
        "connection_lost": _("Not connected."),
        "trying_to_reconnect": _("What you pick is kept, and sent once the connection is back."),
        "too_long": _("That is too long to be sent."),
    }
