"""Open pages turn to the new day, and the new year, by themselves (D6)."""

import asyncio

from nicegui import app, background_tasks

from moodtracker import clock
from pages.open_board import OpenBoard

_EVERY_SECONDS = 1.0


class Rollover:
    """Looks every second whether the day that a page shows is over: one loop for all pages."""

    def __init__(self) -> None:
        """Begin without pages."""
        self._pages: set[OpenBoard] = set()

    def add(self, page: OpenBoard) -> None:
        """Watch a page that was opened."""
        self._pages.add(page)

    def remove(self, page: OpenBoard) -> None:
        """Forget a page that is gone."""
        self._pages.discard(page)

    def start(self) -> None:
        """Begin to look."""
        background_tasks.create(self._watch(), name="roll over at the end of a day")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            now = clock.now()
            for page in list(self._pages):
                if page.is_past(now):
                    page.touch()


def mount() -> Rollover:
    """A rollover that starts with the app."""
    rollover = Rollover()
    app.on_startup(rollover.start)
    return rollover
