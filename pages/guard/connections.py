"""Connections that cannot be held open by saying little, or by taking nothing.

Uvicorn waits for ever for a request's head, keeps as much of it as comes, and waits for ever for
a browser to take its answer. Here each has an end. The limits cost nothing while all goes well.
"""

import asyncio
from asyncio import TimerHandle

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_HEAD_SECONDS = 15.0
_LARGEST_HEAD = 64 * 1024  # far above what the door takes: nobody is to fill the memory before it
_TAKE_SECONDS = 30.0


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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the head of a request may not become too large."""
        if self._is_in_head and self._waiting is None:
            self._wait_for_head()
        self._head_size += len(data)
        super().data_received(data)
        if self._head_size > _LARGEST_HEAD and self._is_in_head and not self.transport.is_closing():
            self.transport.write(
                STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()

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

    def _wait_for_head(self) -> None:
        self._waiting = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class SocketConnection(_Stalled, WebSocketsSansIOProtocol):
    """One websocket."""
