"""Threads of their own, so that what people wait for never stands behind what can wait."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Found = TypeVar("Found")


class Threads:
    """Does at most ``count`` things at a time; what comes then waits for its turn."""

    def __init__(self, name: str, count: int) -> None:
        """They begin when they are needed."""
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def run(self, act: Callable[[], Found]) -> Found:
        """What ``act`` returns or raises; it speaks the language of the caller."""
        run = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._pool, run, act)
