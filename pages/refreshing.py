"""Open boards are read anew a few at a time, those with news first, so that taps pass.

Where changes went unheard, and at a zone's midnight, thousands of pages have to be looked at. All
at once they would keep the database, the threads and the event loop from everything else.
"""

from typing import Protocol

from nicegui import background_tasks

AT_ONCE = 2


class Refreshed(Protocol):
    """What shows something that may have changed."""

    async def refresh(self) -> None:
        """Read it anew, and show it."""


class Refreshing:
    """Which pages wait to be read anew, each once. It is used from the event loop alone."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        """Begin with none."""
        self._free = at_once
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
        while self._free and (queue := self._with_news or self._others):
            page = next(iter(queue))
            del queue[page]
            self._free -= 1
            background_tasks.create(self._refresh(page), name="refresh a page")

    async def _refresh(self, page: Refreshed) -> None:
        try:
            await page.refresh()
        finally:
            self._free += 1
            self._go_on()
