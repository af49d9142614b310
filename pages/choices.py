"""Inputs in which a person chooses from what there is: a list, or yes and no."""

from collections.abc import Iterable
from html import escape

from nicegui import ui

from pages import parts
from pages.sections import Visit


def one_of(
    visit: Visit,
    label: str,
    name: str,
    options: Iterable[tuple[str, str]],
    *,
    chosen: str,
    help_text: str = "",
) -> None:
    """A list of ``options`` (value, words)."""
    html_id, wrong = f"{visit.section}-{name}", visit.wrong.get(name)
    chosen = visit.given.get(name, chosen)
    listed = "".join(
        f'<option value="{escape(value)}"{" selected" * (value == chosen)}>{escape(words)}</option>'
        for value, words in options
    )
    is_wrong = ' aria-invalid="true"' if wrong else ""
    with parts.labelled(label, html_id, help_text=help_text, wrong=wrong):
        ui.html(
            f'<select id="{html_id}" name="{name}" aria-describedby="{html_id}-notes"{is_wrong}>'
            f"{listed}</select>",
            sanitize=False,
        )


def yes_or_no(visit: Visit, label: str, name: str, *, chosen: bool) -> None:
    """A box to tick; it is sent as 'on', or not at all."""
    if visit.given:
        chosen = visit.given.get(name) == "on"
    ui.html(
        f'<label class="tick"><input type="checkbox" name="{name}"{" checked" * chosen}>'
        f"<span>{escape(label)}</span></label>",
        sanitize=False,
    )
