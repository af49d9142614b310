"""NiceGUI's framework as a browser gets it: without what no page of ours needs, and compressed.

No page is made of Quasar's components, so that neither its script nor its styles are loaded: the
page's template (`assets/page/index.html`) is our own. Files are compressed once, and may be kept
for ever, since their address names NiceGUI's version.
"""

import zlib
from collections.abc import Callable
from pathlib import Path

import nicegui
from fastapi import FastAPI
from jinja2 import FileSystemLoader
from nicegui import app as nicegui_app
from nicegui import client, helpers
from nicegui.middlewares import RedirectWithPrefixMiddleware, SetCacheControlMiddleware
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.assets import FOLDER, KEEP, KeptFiles

_FOLDER = f"/_nicegui/{nicegui.__version__}/"
_STATIC = Path(nicegui.__file__).parent / "static"
_GZIP = 31  # window bits that ask zlib for gzip's format (RFC 1952)
_LEVEL = 6  # a page is made anew each time: a higher level costs more than it saves
# A page on a busy machine comes late; after NiceGUI's 3 seconds it would be an error instead.
PAGE_SECONDS = 30.0

_ask = helpers.expects_arguments
_asked: dict[object, bool] = {}


def mount(web: FastAPI) -> None:
    """Serve the framework's files, and let pages be made from our template."""
    web.mount(f"{_FOLDER}static", KeptFiles(directory=_STATIC))
    client.templates.env.loader = FileSystemLoader(FOLDER / "page")
    client.templates.env.auto_reload = False  # it would look at the file for each page


def slim() -> None:
    """Take out what NiceGUI does for each request in vain, once its app is configured.

    Its two middlewares add a sub-path to redirects, which `pages/sub_path.py` does, and let files
    be kept, which is done here; each costs as much as a page's HTML. And it looks a dozen times a
    page at the signatures of its own methods.
    """
    helpers.expects_arguments = _expects_arguments  # type: ignore[assignment]
    costly: set[object] = {RedirectWithPrefixMiddleware, SetCacheControlMiddleware}
    around = nicegui_app.user_middleware
    around[:] = [middleware for middleware in around if middleware.cls not in costly]


def _expects_arguments(handler: Callable[..., object]) -> bool:
    """What NiceGUI's function of this name says, asked once for each method."""
    method = getattr(handler, "__func__", None)
    if method is None:
        return _ask(handler)
    if method not in _asked:
        _asked[method] = _ask(handler)
    return _asked[method]


class Compressed:
    """ASGI middleware: pages go out compressed where the browser takes it (RFC 9110, 12.5.3)."""

    def __init__(self, app: ASGIApp) -> None:
        """Compress what ``app`` answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "http":
            send = _Answer(scope, send)
        await self._app(scope, receive, send)


class _Answer:
    """One answer on its way out: its beginning is held back until its body is there."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if message["status"] == 200 and self._scope["path"].startswith(_FOLDER):
                headers["Cache-Control"] = KEEP
            if headers.get("Content-Type", "").startswith("text/html"):
                headers.add_vary_header("Accept-Encoding")
                if "gzip" in Headers(scope=self._scope).get("Accept-Encoding", ""):
                    self._start = message
                    return
        elif self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            if not message.get("more_body"):
                message = {**message, "body": _gzipped(message["body"])}
                headers = MutableHeaders(scope=start)
                headers["Content-Encoding"] = "gzip"
                headers["Content-Length"] = str(len(message["body"]))
            await self._send(start)
        await self._send(message)


def _gzipped(body: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()
