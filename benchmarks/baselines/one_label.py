"""NiceGUI's floor: a page with one label, and one with a button whose handler does next to nothing.

Settings are NiceGUI's own.
"""

import os
import sys

# A tool of our tests brings it, NiceGUI does not; Socket.IO would load 5 MB of it.
sys.modules["requests"] = None  # type: ignore[assignment]

from nicegui import ui  # noqa: E402


@ui.page("/")
def page() -> None:
    """One label."""
    ui.label("hello").mark("seen")


@ui.page("/button")
def button_page() -> None:
    """A button, and a label that shows that its handler ran."""
    count = 0

    def handle() -> None:
        nonlocal count
        count += 1
        label.set_text(f"answer {count}")

    label = ui.label("answer 0").props("id=answer")
    ui.button("tap", on_click=handle).props("id=tap")


ui.run(port=int(os.environ["PORT"]), show=False, reload=False, show_welcome_message=False)
