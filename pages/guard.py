"""The one door: who comes in, over HTTP and websocket, before any page or route sees them."""

import asyncio
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from nicegui import Client
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moodtracker.accounts import devices, sessions
from moodtracker.accounts.attempt import BACK, SIGNED_OUT
from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App

_SOCKET = "/_nicegui_ws/"
# What somebody who is not signed in may reach.
_OPEN_PATHS = {"/login", "/register", "/healthz", "/readyz", "/metrics", "/favicon.ico"}
_OPEN_PATHS |= {"/login/provider", "/login/provider/join", "/login/provider/connect"}
_OPEN_PATHS |= {BACK, SIGNED_OUT}
_OPEN_FOLDERS = ("/assets/", "/_nicegui/")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """ASGI middleware around the whole application.

    A request's ``state`` says who it is from (``signed_in``, or None), from which ``address``,
    and by which ``device``. Somebody who is not signed in is led to
    the sign-in page and, afterwards, to where they wanted to go. What is sent from a foreign page
    is refused. A page's socket has to bring the session with which the page was asked for.
    """

    def __init__(self, inner: ASGIApp, app: App) -> None:
        """Guard ``inner``."""
        self._inner = inner
        self._app = app

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
        send = _with_headers(send)
        if path.startswith(_SOCKET):
            answer: ASGIApp = PlainTextResponse("This app needs websockets.", status_code=400)
        elif scope["method"] not in ("GET", "HEAD") and not self._is_ours(headers):
            answer = PlainTextResponse(
                "This was sent from another site. Please open Moodtracker and try again.",
                status_code=403,
            )
        elif path.startswith(_OPEN_FOLDERS):
            answer = self._inner
        else:
            signed_in = await self._who(headers)
            scope.setdefault("state", {}).update(
                signed_in=signed_in,
                address=scope["client"][0] if scope.get("client") else "",
                device=devices.name_of(headers.get("user-agent", "")),
            )
            if signed_in or path in _OPEN_PATHS:
                answer = self._inner
            else:
                answer = RedirectResponse(_sign_in_address(scope), status_code=303)
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


def cookie_name(app: App) -> str:
    """The session cookie's name; its prefix has the browser itself keep it as it was set.

    RFC 6265bis, 4.1.3: `__Host-` asks for https, this host alone and the path '/'. Below a
    sub-path the host's other apps need not see the cookie, so there it is `__Secure-`.
    """
    if not app.settings.secure:
        return "moodtracker"
    return "__Secure-moodtracker" if app.settings.sub_path else "__Host-moodtracker"


def cookie_path(app: App) -> str:
    """For which paths of the host the browser sends our cookies."""
    return app.settings.sub_path or "/"


def cookie_in(header: str, name: str) -> str | None:
    """The value of one cookie in a Cookie header, None where there is none."""
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None


def local_path(address: str | None) -> str:
    """``address`` if it is a path of this app, else '/': nobody is led to another site.

    Browsers take '//host', '/\\\\host' and tabs or line breaks in between for another host.
    """
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\"):
        return "/"
    if "\\" in address or any(ord(character) < 0x20 for character in address):
        return "/"
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc else "/"


def _sign_in_address(scope: Scope) -> str:
    wanted = scope["path"]
    if scope["query_string"]:
        wanted += "?" + scope["query_string"].decode("latin-1")
    if scope["method"] not in ("GET", "HEAD") or wanted == "/":
        return "/login"
    return "/login?next=" + quote(local_path(wanted), safe="/")


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
