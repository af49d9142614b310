"""Connections that cannot be held open by saying little, or by taking nothing.

Uvicorn waits for ever for a request's head, keeps as much of it as comes, and waits for ever for
a browser to take its answer. Here each has an end. The limits cost nothing while all goes well.
"""

import asyncio
import fcntl
import logging
import struct
import sys
import termios
import weakref
from asyncio import TimerHandle
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import http11
from websockets.http11 import Request

from pages.guard.limits import LARGEST_HEAD, MOST_HEADERS
from pages.guard.rate import Budget

log = logging.getLogger(__name__)

_HEAD_SECONDS = 15.0
_LARGEST_HEAD = 64 * 1024  # far above what the door takes: nobody is to fill the memory before it
_TAKE_SECONDS = 30.0
# A program that has all in its machine's buffers, and ends without having read it, does so soon.
_READ_SECONDS = 1.0
_LOOK_EVERY_SECONDS = 0.02
CONNECTION = "connection"
_AT_A_TIME = 1024
_LARGEST_BACKLOG = 256 * 1024

# What a browser may ask for a page with is what it may open the page's socket with: cookies of the
# host's other apps are sent along, and may be longer than the library's 8 KiB.
http11.MAX_LINE_LENGTH = LARGEST_HEAD


class _Stalled(asyncio.Protocol):
    """Ends a connection whose other side has not taken for too long what was sent to it."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _stalled: TimerHandle | None = None

    def pause_writing(self) -> None:
        """What waits to be sent is too much: it has to be taken soon."""
        super().pause_writing()
        self._stalled = self.loop.call_later(_TAKE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It was taken."""
        super().resume_writing()
        self._forget_stall()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._forget_stall()
        super().connection_lost(exc)

    def _forget_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class HttpConnection(_Stalled, HttpToolsProtocol):
    """One HTTP connection: each request's head has to come soon, and be of a size."""

    _is_in_head = True
    _head_size = 0
    _waiting: TimerHandle | None = None
    _ended_well: bool | None = None  # with all that was written taken; None: it is not ended
    _news: asyncio.Event | None = None  # while somebody waits for a sign from the other side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        self._ended_well = self._ended_well or False
        self._tell_news()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """The other side has ended the connection, in order."""
        self._ended_well = not self._untaken()
        super().eof_received()

    def on_message_begin(self) -> None:
        """Let the request know its connection; weakly, since a page keeps its request."""
        super().on_message_begin()
        self.scope["state"][CONNECTION] = weakref.ref(self)

    async def took_all(self) -> bool:
        """Whether the other side's machine acknowledges each byte that was written so far."""
        left, patience = self._untaken(), self.loop.time() + _TAKE_SECONDS
        while left and not self.transport.is_closing():
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            before, left = left, self._untaken()
            if left != before:
                patience = self.loop.time() + _TAKE_SECONDS
            elif self.loop.time() > patience:
                return False
        return not left if self._ended_well is None else self._ended_well

    async def hangs_up(self) -> bool:
        """Whether the other side ends the connection now, and asks for nothing more.

        A program that ends without having read all that its machine has resets the connection
        (RFC 9293, 3.10.4), and does so soon as a rule.
        """
        if not self.transport.is_closing():
            self._news = asyncio.Event()
            with suppress(TimeoutError):
                async with asyncio.timeout(_READ_SECONDS):
                    await self._news.wait()
            self._news = None
        return self.transport.is_closing() or self._ended_well is not None

    def _untaken(self) -> int:
        """How many bytes the other side has not acknowledged."""
        waiting = self.transport.get_write_buffer_size()
        if sys.platform != "linux":
            return waiting
        connection = self.transport.get_extra_info("socket")
        try:
            answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
        except (OSError, ValueError):
            return 1  # it is closed by now
        in_the_system: int = struct.unpack("i", answer)[0]
        return waiting + in_the_system

    def _tell_news(self) -> None:
        if self._news is not None:
            self._news.set()

    def data_received(self, data: bytes) -> None:
        """Read on; the head of a request may not become too large."""
        self._tell_news()
        if self._is_in_head and self._waiting is None:
            self._wait_for_head()
        self._head_size += len(data)
        super().data_received(data)
        if self._head_size > _LARGEST_HEAD and self._is_in_head and not self.transport.is_closing():
            self.transport.write(
                STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a line of the head, up to one more than the door takes: it has to see that."""
        if len(self.headers) <= MOST_HEADERS:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._is_in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next thing to come is another request's head, whenever the browser likes."""
        self._is_in_head = True
        self._head_size = 0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave it to the socket; no end of the connection will be told here."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # it knows this, and is known here: a circle

    def _wait_for_head(self) -> None:
        self._waiting = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class SocketConnection(_Stalled, WebSocketsSansIOProtocol):
    """One websocket: it may say so much, and has to take what it is answered.

    Each byte and each frame is counted before anybody reads it: pings and pongs are answered or
    dropped down here, and a flood of them would leave the event loop no time for anything else.
    The door puts the budget of whoever speaks in the place of the first one (``spend_from``).
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        """Begin with what a stranger's socket may say."""
        super().__init__(*args, **more)
        self._budget = Budget()

    def spend_from(self, budget: Budget) -> None:
        """From now on, count in ``budget``, which other sockets share."""
        self._budget = budget

    def data_received(self, data: bytes) -> None:
        """Read on, a little at a time: what is too much is not even parsed."""
        for start in range(0, len(data), _AT_A_TIME):
            part = data[start : start + _AT_A_TIME]
            if not self._budget.bytes.allows(len(part)):
                self._abort("too much")
            if self.transport.is_closing():
                return
            super().data_received(part)
            if self.transport.get_write_buffer_size() > _LARGEST_BACKLOG:
                self._abort("it takes no answers")

    def handle_events(self) -> None:
        """Count the frames that have come, then see to them."""
        if self._budget.frames.allows(len(self.conn.events)):
            super().handle_events()
        else:
            self._abort("too many")

    def handle_connect(self, event: Request) -> None:
        """Let the door know by which connection it is asked."""
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["state"][CONNECTION] = self

    def _abort(self, reason: str) -> None:
        log.debug("a socket was cut off: %s", reason)
        self.transport.abort()


def connection_of(scope: Scope) -> HttpConnection | None:
    """The connection on which a request came, as long as it is there."""
    found: HttpConnection | None = scope["state"][CONNECTION]()
    return found
