"""Passwords: hashed with Argon2id (RFC 9106), never kept or logged."""

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256

P = ParamSpec("P")
T = TypeVar("T")

_hasher = PasswordHasher()  # RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes

# A hash is slow on purpose: few are made at a time, apart from the threads that everything else
# runs in, and what more comes in at once than can be waited for is refused.
_pool = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), thread_name_prefix="passwords")
_MOST_WAITING = 100
_waiting = 0


class Busy(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """So many passwords are being checked that one more would have to wait too long."""


def set_cost(memory_kib: int, passes: int, lanes: int) -> None:
    """Make new hashes this costly, for the whole process."""
    global _hasher  # noqa: PLW0603 - a setting of the process, which every hash asks for
    _hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
    _nobodys_hash.cache_clear()


async def apart(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what makes or checks a password in threads of its own; raises :class:`Busy`."""
    global _waiting  # noqa: PLW0603 - of the process, as its threads are
    if _waiting >= _MOST_WAITING:
        raise Busy
    _waiting += 1
    try:
        run = partial(contextvars.copy_context().run, partial(act, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(_pool, run)
    finally:
        _waiting -= 1


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
