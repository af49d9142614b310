"""Passwords: hashed with Argon2id (RFC 9106), never kept or logged."""

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from moodtracker.fair_queue import FairQueue

SHORTEST = 12
LONGEST = 256

T = TypeVar("T")

_MOST_WAITING = 100
_MOST_OF_ONE = 30  # a school or an office may share an address

_hasher = PasswordHasher()  # RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes


class Line:
    """A line in which passwords are checked, or new ones made, in a few threads of its own."""

    def __init__(self, name: str, at_once: int) -> None:
        """Make no thread yet; ``name`` is theirs."""
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._queue = FairQueue(at_once, each=_MOST_OF_ONE, most=_MOST_WAITING)

    async def run(self, holder: str, act: Callable[[], T], *, trusted: bool = False) -> T:
        """Do it in ``holder``'s turn: an address, or a person; ``trusted`` ones come first.

        Raises :class:`~moodtracker.fair_queue.Busy`.
        """
        async with self._queue.turn(holder, trusted=trusted):
            run = partial(contextvars.copy_context().run, act)
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)


# A hash is slow on purpose: few are made at a time, apart from the threads that everything else
# runs in. Who joins, or chooses a new password, keeps nobody from signing in.
signing_in = Line("signing-in", max(1, (os.cpu_count() or 1) // 2))
choosing = Line("choosing", 1)


def set_cost(memory_kib: int, passes: int, lanes: int) -> None:
    """Make new hashes this costly, for the whole process."""
    global _hasher  # noqa: PLW0603 - a setting of the process, which every hash asks for
    _hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
    _nobodys_hash.cache_clear()


def hash_password(password: str) -> str:
    """The hash to store, with its own random salt and parameters."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether ``password`` is the one that was hashed.

    Takes as long where nothing is stored, so that the time does not tell who has an account.
    """
    try:
        is_right = _hasher.verify(_nobodys_hash() if stored is None else stored, password)
    except (VerificationError, InvalidHashError, UnicodeError):
        return False
    return is_right and stored is not None


def is_too_cheap(stored: str) -> bool:
    """Whether a hash was made with less effort than new ones are."""
    made = extract_parameters(stored)
    return made.memory_cost < _hasher.memory_cost or made.time_cost < _hasher.time_cost


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("nobody's password")
