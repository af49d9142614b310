"""Waiting in turn for something costly, so that nobody's many come before another's first."""

import asyncio
import heapq
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count

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


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    order: tuple[bool, int, int]
    turn: asyncio.Future[None] = field(compare=False)


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
        self._waiting: list[_Waiting] = []  # a heap; who gave up stays in it until their turn
        self._waiting_alike: Counter[bool] = Counter()  # by whether they are trusted
        self._numbers = count()
        self._held: Counter[str] = Counter()  # waiting, or in their turn

    @asynccontextmanager
    async def turn(self, holder: str, *, trusted: bool = False) -> AsyncIterator[None]:
        """Wait for ``holder``'s turn, which lasts as long as the block; raises :class:`Busy`."""
        if self._waiting_alike[trusted] >= self._most or self._held[holder] > self._each:
            raise Busy
        rank = self._held[holder]
        self._held[holder] += 1
        try:
            if self._free:
                self._free -= 1
            else:
                await self._wait(rank, trusted=trusted)
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

    async def _wait(self, rank: int, *, trusted: bool) -> None:
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, _Waiting((not trusted, rank, next(self._numbers)), turn))
        self._waiting_alike[trusted] += 1
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was its turn already
                self._pass_on()
            raise
        finally:
            self._waiting_alike[trusted] -= 1

    def _pass_on(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting).turn
            if not turn.done():  # else it has given up
                turn.set_result(None)
                return
        self._free += 1
