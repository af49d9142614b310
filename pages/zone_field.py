"""The field for the time zone, with what the browser thinks of as home put in to be confirmed."""

from functools import lru_cache
from html import escape

from nicegui import ui

from moodtracker import days
from moodtracker.language import gettext as _
from pages import parts

_GUESS_ZONE = """
const zone = document.getElementById("zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (!zone.value && [...zone.options].some((option) => option.value === here)) zone.value = here;
"""


def zone_field(chosen: str, wrong: str | None) -> None:
    """Choose from all zones; ``chosen`` is '' where the browser is to guess."""
    with parts.labelled(
        _("Time zone"),
        "zone",
        help_text=_("Taken from your browser. It decides when your day and your year end."),
        wrong=wrong,
    ):
        ui.html(_select(chosen, _("Please choose")), sanitize=False)
    parts.once_drawn(_GUESS_ZONE)


@lru_cache(maxsize=64)
def _select(chosen: str, nothing: str) -> str:
    """Kept, so that the pages which are open at a time share one list of 30 kB."""
    options = "".join(
        f'<option value="{escape(name)}"{" selected" if name == chosen else ""}>'
        f"{escape(name.replace('_', ' '))}</option>"
        for name in sorted(days.zone_names())
    )
    return (
        '<select id="zone" name="zone" required aria-describedby="zone-notes">'
        f'<option value="">{nothing}</option>{options}</select>'
    )
