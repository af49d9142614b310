"""Open boards are read anew a few at a time, those with news first, so that taps pass.

Where changes went unheard, and at a zone's midnight, thousands of pages have to be looked at. All
at once they would keep the database, the threads and the event loop from everything else.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Protocol

log = logging.getLogger(__name__)

AT_ONCE = 2


class Refreshed(Protocol):
    """What shows something that may have changed."""

    def refresh(self) -> Coroutine[object, object, None]:
        """Read it anew, and show it."""


class Refreshing:
    """Which pages wait to be read anew, each once. It is used from the event loop alone."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        """Begin with none."""
        self._at_once = at_once
        self._running: set[asyncio.Task[None]] = set()
        self._with_news: dict[Refreshed, None] = {}  # in the order in which they came
        self._others: dict[Refreshed, None] = {}

    def soon(self, page: Refreshed) -> None:
        """Something did change, or somebody waits for an answer: before all that can wait."""
        self._others.pop(page, None)
        self._with_news[page] = None
        self._go_on()

    def by_and_by(self, page: Refreshed) -> None:
        """Something may have changed, or has for everybody: once nobody else waits."""
        if page not in self._with_news:
            self._others[page] = None
            self._go_on()

    def forget(self, page: Refreshed) -> None:
        """It is gone."""
        self._with_news.pop(page, None)
        self._others.pop(page, None)

    def _go_on(self) -> None:
        while len(self._running) < self._at_once and (queue := self._with_news or self._others):
            page = next(iter(queue))
            del queue[page]
            task = asyncio.create_task(page.refresh(), name="refresh a page")
            self._running.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a page could not be read anew (%s)", type(error).__name__)
        self._go_on()
