"""The one door: who comes in, over HTTP and websocket, before any page or route sees them."""

import asyncio
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

from nicegui import Client
from nicegui import app as nicegui_app
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from moodtracker.accounts import devices, sessions
from moodtracker.accounts.attempt import BACK, ENDED, SIGNED_OUT
from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.mail import unsubscribe
from pages import errors
from pages.guard.cookies import cookie_in, cookie_name
from pages.guard.headers import AnswerHeaders, give_nonces_to_templates
from pages.guard.paths import sign_in_path

_SOCKET = "/_nicegui_ws/"
# What somebody who is not signed in may reach.
_OPEN_PATHS = {"/login", "/register", "/healthz", "/readyz", "/metrics", "/favicon.ico"}
_OPEN_PATHS |= {"/login/provider", "/login/provider/join", "/login/provider/connect"}
_OPEN_PATHS |= {BACK, ENDED, SIGNED_OUT, unsubscribe.PATH}
_OPEN_FOLDERS = ("/assets/", "/_nicegui/")
_NONCE_BYTES = 16


class Guard:
    """ASGI middleware around the whole application.

    A request's ``state`` says who it is from (``signed_in``, or None), from which ``address``,
    by which ``device``, and the ``nonce`` that a script on its page has to carry. Somebody who is
    not signed in is led to the sign-in page and, afterwards, to where they wanted to go. What is
    sent from a foreign page is refused. A page's socket has to bring the session with which the
    page was asked for.
    """

    def __init__(self, inner: ASGIApp, app: App) -> None:
        """Guard ``inner``."""
        self._inner = inner
        self._app = app
        self._headers = AnswerHeaders(app.settings)
        give_nonces_to_templates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path = Headers(scope=scope), scope["path"]
        is_file = path.startswith(_OPEN_FOLDERS)
        nonce = None if is_file else secrets.token_urlsafe(_NONCE_BYTES)
        send = self._headers.added(send, nonce)
        if path.startswith(_SOCKET):
            answer: ASGIApp = PlainTextResponse("This app needs websockets.", status_code=400)
        elif scope["method"] not in ("GET", "HEAD") and not self._is_ours(headers):
            answer = errors.foreign(headers.get("origin", ""), self._app.settings.base_url)
        elif is_file:
            answer = self._inner
        else:
            signed_in = await self._who(headers)
            scope.setdefault("state", {}).update(
                signed_in=signed_in,
                nonce=nonce,
                address=scope["client"][0] if scope.get("client") else "",
                device=devices.name_of(headers.get("user-agent", "")),
            )
            if signed_in or path in _OPEN_PATHS:
                answer = self._inner
            elif not _is_there(scope):
                answer = errors.nowhere(Request(scope), signed_in=False)
            else:
                answer = RedirectResponse(sign_in_path(scope), status_code=303)
        await answer(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not scope["path"].startswith(_SOCKET) or not self._is_ours(headers):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        query = {
            name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()
        }
        client = Client.instances.get(query.get("client_id", ""))
        if client is not None:
            asked_by: SignedIn | None = client.request.state.signed_in
            brought = await self._who(headers)
            if (asked_by and asked_by.token_hash) != (brought and brought.token_hash):
                # NiceGUI reloads a page whose client it does not know: that leads to sign-in.
                scope["query_string"] = urlencode({**query, "client_id": "none"}).encode()
        await self._inner(scope, receive, send)

    async def _who(self, headers: Headers) -> SignedIn | None:
        cookie = cookie_in(headers.get("cookie", ""), cookie_name(self._app))
        if not cookie:
            return None
        return await asyncio.to_thread(sessions.find, self._app.database, cookie)

    def _is_ours(self, headers: Headers) -> bool:
        """Whether the page that sends this is one of ours (no Origin: not sent by a page)."""
        origin = headers.get("origin")
        if origin is None:
            return True
        return origin == self._app.settings.origin or (
            urlsplit(origin).netloc == headers.get("host", "") != ""
        )


def _is_there(scope: Scope) -> bool:
    """Whether any page or route answers at this path."""
    routes: list[BaseRoute] = [*scope["app"].routes, *nicegui_app.routes]
    return any(
        route.matches(scope)[0] is not Match.NONE
        for route in routes
        if not (isinstance(route, Mount) and route.app is nicegui_app)
    )
