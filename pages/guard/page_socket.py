"""The socket of one open page: it speaks for that page, and only while its session holds."""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeVar

from nicegui import Client
from starlette.types import Message, Receive, Send

from moodtracker.database_trouble import told
from pages.guard import frames
from pages.guard.frames import Frame, FrameRefused, Kind
from pages.guard.rate import Rate

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_REFUSED: Final = 1008  # policy violation (RFC 6455, 7.4.1)
_ENGINE = {"pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": frames.LONGEST}
_ASKS = "asks_for_its_session"

Handler = TypeVar("Handler", bound=Callable[..., object])


def asks_for_its_session(handler: Handler) -> Handler:
    """Mark what handles an event, and looks the session up by itself as part of what it does.

    For all others it is looked up before they are called.
    """
    setattr(handler, _ASKS, True)
    return handler


async def tell_gone(receive: Receive, send: Send) -> None:
    """Tell a page that it is gone, and end its socket: NiceGUI's script loads it anew.

    As Engine.IO 4 and Socket.IO 5 refuse to connect. NiceGUI would say the same, and keep the
    socket of whoever likes to stay.
    """
    await receive()
    await send({"type": "websocket.accept"})
    opened = {"sid": secrets.token_hex(8), "upgrades": [], **_ENGINE}
    await send({"type": "websocket.send", "text": "0" + json.dumps(opened)})
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            message = await receive()
    except TimeoutError:
        message = {}
    if message.get("text", "").startswith("40"):
        refusal = {"message": "Implicit handshake failed"}
        await send({"type": "websocket.send", "text": "44" + json.dumps(refusal)})
    if message.get("type") != "websocket.disconnect":
        await send({"type": "websocket.close", "code": _REFUSED})


class PageSocket:
    """What a page sends passes here before NiceGUI sees it.

    Each text is one of those that a page sends (:mod:`pages.guard.frames`), names no page but its
    own, comes no faster than ``rate`` allows, and, where something happened on the page, has the
    session looked up again. Anything else ends the socket.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        client: Client,
        *,
        rate: Rate,
        turn: Callable[[], AbstractAsyncContextManager[None]],
        holds: Callable[[], Awaitable[bool]],
        send_away: Callable[[Client], None],
    ) -> None:
        """Speak for ``client``.

        It connects when it is its ``turn``; ``holds`` tells whether the page's session does;
        ``send_away`` is what happens if not.
        """
        self._receive = receive
        self._send = send
        self._client = client
        self._rate = rate
        self._turn = turn
        self._holds = holds
        self._send_away = send_away
        self._has_spoken = False
        self._connected = False
        self._asking: asyncio.Task[object] | None = None
        self._deadline = asyncio.get_running_loop().time() + _CONNECT_SECONDS

    async def receive(self) -> Message:
        """The next message for NiceGUI."""
        self._asking = asyncio.current_task()
        while True:
            try:
                message = await self._next()
                if message["type"] != "websocket.receive" or await self._passes(message):
                    return message
            except FrameRefused as refused:
                log.debug("a socket was ended: %s", refused)
                await self.end()
                return {"type": "websocket.disconnect", "code": _REFUSED}

    async def end(self) -> None:
        """Close it from this side."""
        try:
            await self._send({"type": "websocket.close", "code": _REFUSED})
        except Exception as error:
            log.debug("a socket was gone before it was ended (%s)", type(error).__name__)

    def untie(self) -> None:
        """Undo, once it is over, the circles in which Engine.IO leaves it with its page.

        The task that asked last ended with an error, which knows each frame that it passed, one of
        which knows the task; and a class that is made for each socket, as each class a circle,
        knows how to ask here. Circles stay until a full search (`moodtracker/garbage.py`).
        """
        asking = self._asking
        if asking and asking.done() and not asking.cancelled() and (error := asking.exception()):
            error.__traceback__ = None
        vars(self).clear()

    async def _next(self) -> Message:
        if self._connected:
            return await self._receive()
        # Whoever opens a socket has to say something soon.
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._receive()
        except TimeoutError:
            raise FrameRefused("it had nothing to say") from None

    async def _passes(self, message: Message) -> bool:
        # The first word is free: else a page could not open its socket again right after another
        # page of the same session was too fast.
        is_free, self._has_spoken = not self._has_spoken, True
        if not is_free and not self._rate.allows_one_more():
            raise FrameRefused("too fast")
        text = message.get("text")
        if text is None:
            raise FrameRefused("not text")
        frame = frames.read(text, self._client.id)
        if frame.kind is Kind.CONNECT:
            if self._connected:
                raise FrameRefused("connected already")
            self._connected = True
            async with self._turn():
                await asyncio.sleep(0)  # what follows waits for nothing: so it fills its turn
        elif frame.kind is Kind.EVENT:
            return await self._may_happen(frame)
        return frame.kind is not Kind.UNHEARD

    async def _may_happen(self, frame: Frame) -> bool:
        client = self._client
        if client.is_deleted:
            raise FrameRefused("the page is gone")
        element = client.elements.get(frame.element)
        listener = element._event_listeners.get(frame.listener) if element else None
        if listener is None:
            return False  # the page has changed meanwhile
        if getattr(listener.handler, _ASKS, False):
            return True
        try:
            holds = await self._holds()
        except Exception as error:
            # The page keeps what it has to tell until it is answered, and tells it again.
            log.error("a session could not be looked up (%s)", told(error))  # noqa: TRY400
            return False
        if not holds:
            self._send_away(client)
        return holds
