"""What a page holds in memory: as little as it can while open, and nothing once it is gone."""

from nicegui import Client
from nicegui import app as nicegui_app


def mount() -> None:
    """Look after NiceGUI's pages from now on."""
    nicegui_app.on_delete(_untie)


def forget_html(page: Client) -> None:
    """Once a page is answered with, it keeps no copy of what it was first sent."""
    page._head_html = page._body_html = ""


def _untie(page: Client) -> None:
    """Undo what in a page that goes refers to itself in a circle.

    What is in a circle stays until Python searches for garbage, which is rare on purpose
    (`moodtracker/garbage.py`): thousands of pages that were asked for in between would fill the
    memory, and the process keeps what it once had. Without circles, all goes at once.
    """
    for element in page.elements.values():
        for watched in (element._classes, element._style, element._props):
            watched._change_handlers.clear()
    for handlers in (page.connect_handlers, page.disconnect_handlers, page.delete_handlers):
        handlers.clear()
