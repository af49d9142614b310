"""A year the way most NiceGUI apps draw one: an element and a tooltip for each day."""

import os

from fastapi import Request
from nicegui import ui

from benchmarks.baselines.entries import COLOURS, MOODS, year_of


@ui.page("/")
def page(request: Request) -> None:
    """Five buttons and a grid of days."""
    months = year_of(request.cookies["moodtracker"])
    ui.label("How is today going?")
    with ui.row():
        for mood, words in MOODS.items():
            ui.button(words).style(f"background: {COLOURS[mood]} !important")
    with ui.column().classes("gap-1").props("id=year"):
        for name, days in months:
            with ui.row().classes("gap-1 no-wrap"):
                ui.label(name).classes("w-8")
                for _, colours, title in days:
                    with ui.element("div").classes("w-4 h-4 rounded").style(_background(colours)):
                        ui.tooltip(title)


def _background(colours: list[str]) -> str:
    return f"background: linear-gradient(135deg, {colours[0]} 50%, {colours[-1]} 50%)"


ui.run(port=int(os.environ["PORT"]), show=False, reload=False, show_welcome_message=False)
