"""A page as a browser holds it, without the browser: the HTML, then the socket that it asks for.

It speaks what NiceGUI's script does: Engine.IO 4 and Socket.IO 5 as text over one websocket, with
compression offered as browsers do, and counts the bytes that really arrive.
"""

import asyncio
import json
import re
import secrets
import uuid
from collections.abc import Callable
from contextlib import suppress
from random import randrange
from typing import Any, Self
from urllib.parse import urlencode

import httpx
from websockets import ConnectionClosed
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.contestants import BROWSER

_CLIENT_ID = re.compile(r"""["']client_id["']: ?["']([^"']+)""")
_NEXT_MESSAGE = re.compile(r"""["']next_message_id["']: ?(\d+)""")
_ANSWER_SECONDS = 30


class _Counting(ClientConnection):
    received = 0

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        super().data_received(data)


def socket_address(client_id: str, next_message: str = "0") -> str:
    """Where a page's socket is opened, without scheme and host."""
    query = {
        "client_id": client_id,
        "next_message_id": next_message,
        "implicit_handshake": "true",
        "document_id": str(uuid.uuid4()),
        "tab_id": str(uuid.uuid4()),
        "old_tab_id": "null",
        "EIO": "4",
        "transport": "websocket",
    }
    return f"/_nicegui_ws/socket.io/?{urlencode(query)}"


class Page:
    """One open page."""

    def __init__(self, html: str, socket: _Counting, client_id: str) -> None:
        """Hold a page whose socket stands."""
        self._html = html
        self._socket = socket
        self._client_id = client_id
        self._awaited: tuple[str, asyncio.Future[str]] | None = None
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, http: httpx.AsyncClient, url: str, cookie: str) -> Self:
        """Ask for the page and connect its socket."""
        headers = {"Cookie": f"moodtracker={cookie}"}
        answer = await http.get(url, headers=headers | BROWSER)
        html = answer.raise_for_status().text
        # Behind a balancer the socket has to reach the instance that drew the page.
        sticky = [f"{name}={value}" for name, value in answer.cookies.items()]
        client_id = _found(_CLIENT_ID, html)
        place = httpx.URL(url).netloc.decode()
        # From many addresses, as people come: one of them may have 2,000 sockets.
        is_here = place.startswith(("127.", "localhost"))
        socket = await connect(
            f"ws://{place}{socket_address(client_id, _found(_NEXT_MESSAGE, html))}",
            additional_headers={"Cookie": "; ".join([headers["Cookie"], *sticky])},
            origin=f"http://{place}",  # type: ignore[arg-type]
            create_connection=_Counting,
            max_size=None,
            open_timeout=2 * _ANSWER_SECONDS,
            ping_interval=None,
            local_addr=(f"127.1.{randrange(250)}.1", 0) if is_here else None,
        )
        await socket.recv()  # Engine.IO opens
        await socket.send("40")
        await socket.recv()  # Socket.IO connects
        return cls(html, socket, client_id)  # type: ignore[arg-type]

    @property
    def received(self) -> int:
        """Bytes that the socket has brought so far, frames and all."""
        return self._socket.received

    def listener(self, event: str) -> tuple[int, str]:
        """The element that listens to an event, and the listener's id."""
        elements = json.loads(
            _found(re.compile(r"String\.raw`(.*?)`", re.S), self._html)
            .replace("&#36;", "$")
            .replace("&#96;", "`")
            .replace("&gt;", ">")
            .replace("&lt;", "<")
            .replace("&amp;", "&")
        )
        for number, element in elements.items():
            for listener in element.get("events", ()):
                if listener["type"] == event:
                    return int(number), listener["listener_id"]
        raise LookupError(event)

    @property
    def is_open(self) -> bool:
        """Whether its socket stands, as far as is known here."""
        return not self._reading.done()

    def expect(self, until: str) -> "asyncio.Future[str]":
        """What the server will send that says ``until``; cancelled where the socket ends before."""
        heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._awaited = (until, heard)
        self._reading.add_done_callback(lambda _: heard.done() or heard.cancel())
        return heard

    async def send(
        self, target: tuple[int, str], args: Any, until: str, seconds: float = _ANSWER_SECONDS
    ) -> str:
        """Send an event, and wait until the server sends something that says ``until``.

        Returns what that was; raises TimeoutError after so many seconds.
        """
        heard = self.expect(until)
        number, listener = target
        message = {
            "id": number,
            "client_id": self._client_id,
            "listener_id": listener,
            "args": [json.dumps(args)],
        }
        await self._socket.send("42" + json.dumps(["event", message]))
        try:
            return await asyncio.wait_for(heard, seconds)
        except asyncio.CancelledError:
            if self.is_open:
                raise
            raise TimeoutError("the server has left") from None

    async def close(self) -> None:
        """Leave."""
        self._reading.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            await self._hear()

    async def _hear(self) -> None:
        async for message in self._socket:
            if message == "2":
                await self._socket.send("3")
            elif self._awaited and self._awaited[0] in str(message):
                if not self._awaited[1].done():
                    self._awaited[1].set_result(str(message))
                self._awaited = None


class Tapper:
    """Taps on a board: each changes the mood that stands in today's first slot."""

    def __init__(self, page: Page, today: str, first_tap: str) -> None:
        """Tap on ``page``, whose first slot was filled by ``first_tap``."""
        self._page = page
        self._today = today
        self._last = first_tap
        self._mood = 1
        self._target = page.listener("tap")

    async def tap(self, clock: Callable[[], float]) -> float:
        """Tap once; returns how long it took until this page was told that it is saved.

        An answer that does not come counts as the time that was waited for it.
        """
        name = secrets.token_hex(12)
        self._mood = self._mood % 5 + 1
        event = {
            "tap": name,
            "day": self._today,
            "act": "change",
            "was": self._last,
            "mood": self._mood,
        }
        begun = clock()
        with suppress(TimeoutError, ConnectionClosed):
            await self._page.send(self._target, event, until=name)
            self._last = name
        return clock() - begun


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise LookupError(pattern.pattern)
    return match[1]
