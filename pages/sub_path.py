"""The sub-path: BASE_URL may say that the app lives below a path of a host it shares with others.

One rule for everything in `pages/`: **inside, paths are bare.** Routes, ``scope["path"]``,
redirects (``Location``) and NiceGUI's own navigation (``client.open``, ``ui.navigate``) say
`/login`; the sub-path is put before them here. Only what is written into markup or sent as data
(``href``, ``src``, ``action``, a manifest's addresses) goes through :func:`address`.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NICEGUI_READS = "X-Forwarded-Prefix"

_sub_path = ""


def address(path: str) -> str:
    """The address of one of our pages or files as a browser has to ask for it.

    ``path`` is bare and begins with a slash: with `BASE_URL=https://home.example/mood` the address
    of `/login` is `/mood/login`.
    """
    return _sub_path + path


class SubPath:
    """ASGI middleware around all others: takes the sub-path off requests, and puts it on redirects.

    It does not matter whether a proxy has taken it off already. What anybody says in
    ``X-Forwarded-Prefix`` counts for nothing: NiceGUI believes that header, so it is set here to
    what BASE_URL says.
    """

    def __init__(self, inner: ASGIApp, sub_path: str) -> None:
        """Serve ``inner`` below ``sub_path``: '' or '/mood'. It is the process's only one."""
        global _sub_path  # noqa: PLW0603 - a setting of the process, asked for on every line of markup
        _sub_path = sub_path
        self._inner = inner
        self._sub_path = sub_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is asked for, by its bare path."""
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        if self._sub_path and scope["path"] == self._sub_path and scope["type"] == "http":
            await RedirectResponse(f"{self._sub_path}/", status_code=307)(scope, receive, send)
            return
        await self._inner(self._bare(scope), receive, self._with_redirects(send))

    def _bare(self, scope: Scope) -> Scope:
        headers = MutableHeaders(headers=Headers(scope=scope))
        del headers[_NICEGUI_READS]
        scope = {**scope, "headers": headers.raw}
        if self._sub_path:
            headers[_NICEGUI_READS] = self._sub_path
            if scope["path"].startswith(f"{self._sub_path}/"):
                scope["path"] = scope["path"].removeprefix(self._sub_path)
        return scope

    def _with_redirects(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                to = headers.get("Location", "")
                # NiceGUI's pages have put it there already.
                if to.startswith("/") and not to.startswith(f"{self._sub_path}/"):
                    headers["Location"] = address(to)
            await send(message)

        return sending if self._sub_path else send
