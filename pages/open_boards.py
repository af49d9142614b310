"""All boards that are open: they turn to the new day, and the new year, by themselves (D6)."""

import asyncio
from datetime import datetime

from nicegui import app, background_tasks

from moodtracker import clock
from moodtracker.live import Live
from pages.open_board import OpenBoard
from pages.refreshing import Refreshing

_EVERY_SECONDS = 1.0


class OpenBoards:
    """Looks every second whether the day that a page shows is over: one loop for all pages.

    That, and changes that went unheard, can wait for taps: see :mod:`pages.refreshing`.
    """

    def __init__(self, live: Live) -> None:
        """Begin without pages, to look once the app has started."""
        self.refreshing = Refreshing()
        self._live = live
        self._pages: set[OpenBoard] = set()
        app.on_startup(self._start)

    def add(self, page: OpenBoard) -> None:
        """Watch a page that was opened."""
        self._pages.add(page)

    def remove(self, page: OpenBoard) -> None:
        """Forget a page that is gone."""
        self._pages.discard(page)
        self.refreshing.forget(page)

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()

        def look_at_all() -> None:
            loop.call_soon_threadsafe(self._look_at_all)

        self._live.follow_gaps(look_at_all)
        background_tasks.create(self._watch(), name="roll over at the end of a day")

    def _look_at_all(self) -> None:
        for page in self._pages:
            page.look_again()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            self._look_at_past(clock.now())

    def _look_at_past(self, now: datetime) -> None:
        for page in self._pages:
            if page.is_past(now):
                page.look_again()
