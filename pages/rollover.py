"""Open pages turn to the new day, and the new year, by themselves."""

import asyncio

from nicegui import app, background_tasks

from pages.open_board import roll_over

_EVERY_SECONDS = 1.0


def mount() -> None:
    """Look every second whether a page's day is over: one loop for all pages."""
    app.on_startup(lambda: background_tasks.create(_watch(), name="roll over at the end of a day"))


async def _watch() -> None:
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        roll_over()
