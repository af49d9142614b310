"""What a page costs while it waits for its socket, while it is open, and once it is gone."""

from nicegui import Client, background_tasks
from nicegui import app as nicegui_app


def mount() -> None:
    """Look after NiceGUI's pages from now on."""
    nicegui_app.on_delete(_untie)


def forget_html(page: Client) -> None:
    """Once a page is answered with, it keeps no copy of what it was first sent."""
    page._head_html = page._body_html = ""


def let_rest(page: Client) -> None:
    """Nothing is sent to a page whose socket has not come: its outbox need not look for that.

    NiceGUI has each look ten times a second, of hundreds of pages that nobody may ever open.
    """
    page.outbox.stop()


def wake(page: Client) -> None:
    """Its socket is here: what is told it from now on, or was meanwhile, is sent."""
    page.outbox._should_stop = False
    background_tasks.create(page.outbox.loop(), name=f"outbox loop {page.id}")


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
