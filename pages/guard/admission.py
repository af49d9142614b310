"""Boards that are asked for, and their sockets, come in a few at a time, so that taps pass.

Where an instance is lost, its pages all come to the others in the same second.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Message, Send

_AT_ONCE = 2


class Admission:
    """Turns, in the order in which they were asked for."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        """So many at a time."""
        self._turns = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def turn(self, send: Send) -> AsyncIterator[Send]:
        """A turn, which lasts until the answer begins: however slowly it is taken then."""
        await self._turns.acquire()
        is_over = False

        def end() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                self._turns.release()

        async def sending(message: Message) -> None:
            end()
            await send(message)

        try:
            yield sending
        finally:
            end()

    async def pass_by(self) -> None:
        """Wait for a turn to go on with what does not wait for anything."""
        async with self._turns:
            await asyncio.sleep(0)
