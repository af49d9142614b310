"""The field for the time zone, with what the browser thinks of as home put in to be confirmed."""

from html import escape

from nicegui import ui

from moodtracker.language import gettext as _
from pages import parts, zones_file


def zone_field(chosen: str, wrong: str | None) -> None:
    """Choose from all zones; ``chosen`` is '' where the browser is to guess."""
    with parts.labelled(
        _("Time zone"),
        "zone",
        help_text=_("Taken from your browser. It decides when your day and your year end."),
        wrong=wrong,
    ):
        ui.html(
            '<select id="zone" name="zone" required aria-describedby="zone-notes"'
            f' data-chosen="{escape(chosen)}"><option value="">{_("Please choose")}</option>'
            "</select>",
            sanitize=False,
        )
    ui.add_body_html(zones_file.script())
