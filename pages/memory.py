"""What a page costs while it waits for its socket, while it is open, and once it is gone."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any
from weakref import WeakSet

from nicegui import Client, background_tasks
from nicegui import app as nicegui_app
from nicegui.outbox import Outbox

from moodtracker.garbage import FullSearches

_LOOK_EVERY_SECONDS = 60.0

Loop = Callable[[Outbox], Coroutine[Any, Any, None]]


def mount() -> None:
    """Look after NiceGUI's pages from now on."""
    nicegui_app.on_delete(_untie)
    Outbox.loop = _once(Outbox.loop)  # type: ignore[method-assign, assignment]
    searches = FullSearches()
    nicegui_app.timer(_LOOK_EVERY_SECONDS, lambda: searches.look(len(Client.instances)))


def forget_html(page: Client) -> None:
    """Once a page is answered with, it keeps no copy of what it was first sent."""
    page._head_html = page._body_html = ""


def let_rest(page: Client) -> None:
    """Nothing is sent to a page whose socket has not come: its outbox need not look for that.

    NiceGUI has each look ten times a second, of hundreds of pages that nobody may ever open.
    """
    page.outbox.stop()


def wake(page: Client) -> None:
    """Its socket is here: what is told it from now on, or was meanwhile, is sent.

    A loop that was told to stop and has not seen it yet, as it looks ten times a second, goes on.
    """
    page.outbox._should_stop = False
    background_tasks.create(page.outbox.loop(), name=f"outbox loop {page.id}")


def _once(loop: Loop) -> Loop:
    """Have each outbox run one loop at a time: a second one would stay as long as the page."""
    running: WeakSet[Outbox] = WeakSet()

    @wraps(loop)
    async def run(outbox: Outbox) -> None:
        if outbox in running:
            return
        running.add(outbox)
        try:
            await loop(outbox)
        finally:
            running.discard(outbox)

    return run


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
