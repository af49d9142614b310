"""Waiting in turn for something costly, so that nobody's many come before another's first."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

RETRY_SECONDS = 5  # after which it is worth trying again


class Busy(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """So much is asked for, by all or by this one alone, that one more would wait too long."""


class _Once:
    def __init__(self, act: Callable[[], None]) -> None:
        self._act: Callable[[], None] | None = act

    def __call__(self) -> None:
        act, self._act = self._act, None
        if act:
            act()


_leave: ContextVar[_Once | None] = ContextVar("leave", default=None)


def leave_turn() -> None:
    """End the turn in which this runs early, since what follows costs nothing but time."""
    if leave := _leave.get():
        leave()


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    order: tuple[bool, int, int]
    holder: str
    turn: asyncio.Future[None]


class FairQueue:
    """A few at once; who waits is let in by rank: each holder's first, then each one's second.

    So a flood from one holder makes another one wait for a single one of its requests (fair
    queueing, RFC 970). Who is ``trusted`` comes before whoever is not, and is not turned away for
    them. It belongs to one event loop.
    """

    def __init__(self, at_once: int, *, each: int, most: int) -> None:
        """Let in ``at_once``; ``each`` may wait for one holder, and ``most`` for all together."""
        self._free = at_once
        self._each = each
        self._most = most
        self._waiting: list[_Waiting] = []
        self._held: Counter[str] = Counter()  # waiting, or in their turn

    @asynccontextmanager
    async def turn(self, holder: str, *, trusted: bool = False) -> AsyncIterator[None]:
        """Wait for ``holder``'s turn, which lasts as long as the block; raises :class:`Busy`."""
        alike = sum(each.order[0] is not trusted for each in self._waiting)
        if alike >= self._most or self._held[holder] > self._each:
            raise Busy
        rank = self._held[holder]
        self._held[holder] += 1
        try:
            if self._free:
                self._free -= 1
            else:
                await self._wait(holder, rank, trusted=trusted)
            leave = _Once(self._pass_on)
            _leave.set(leave)
            try:
                yield
            finally:
                leave()
        finally:
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]

    async def _wait(self, holder: str, rank: int, *, trusted: bool) -> None:
        number = self._waiting[-1].order[2] + 1 if self._waiting else 0
        turn = asyncio.get_running_loop().create_future()
        waiting = _Waiting((not trusted, rank, number), holder, turn)
        self._waiting.append(waiting)
        try:
            await turn
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif not turn.cancelled():  # it was its turn already
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            first = min(self._waiting, key=lambda each: each.order)
            self._waiting.remove(first)
            if not first.turn.done():  # else it has given up, and does not know yet
                first.turn.set_result(None)
                return
        self._free += 1
