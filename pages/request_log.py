"""A line in the log for each request that matters, and an id that goes with it."""

import logging
import secrets
import time
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moodtracker.logs import request_id
from moodtracker.metrics import Requests

log = logging.getLogger(__name__)

# What is asked for again and again, by browsers and by machines.
_QUIET_PATHS = {"/healthz", "/readyz", "/metrics", "/favicon.ico"}
_QUIET_FOLDERS = ("/assets/", "/_nicegui")
_LONGEST_PATH = 80
_SEE_OTHER, _NOT_FOUND, _TROUBLE = 303, 404, 500


class RequestLog:
    """ASGI middleware around all others.

    A line tells method, path, status and time: no query, where links carry their tokens, no
    person, no address. Strangers who look for what is not here, and those who are led to sign in,
    leave no line.
    """

    def __init__(self, inner: ASGIApp, requests: Requests) -> None:
        """Log what ``inner`` answers, and count it in ``requests``."""
        self._inner = inner
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then tell."""
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        token = request_id.set(secrets.token_hex(4))
        try:
            if scope["type"] == "http":
                await self._http(scope, receive, send)
            else:
                await self._inner(scope, receive, send)
        finally:
            request_id.reset(token)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, begun = _TROUBLE, time.perf_counter()
        method, path = scope["method"], scope["path"]

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id.get()
            await send(message)

        try:
            await self._inner(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - begun
            self._requests.count(status, seconds)
            if _matters(method, path, status):
                shown = quote(path)[:_LONGEST_PATH]
                log.info("%s %s %d %.0f ms", method, shown, status, seconds * 1000)


def _matters(method: str, path: str, status: int) -> bool:
    if status >= _TROUBLE:
        return True
    if path in _QUIET_PATHS or path.startswith(_QUIET_FOLDERS) or status == _NOT_FOUND:
        return False
    return method not in ("GET", "HEAD") or status != _SEE_OTHER
