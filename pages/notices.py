"""The card of what is wrong with this server: its clock for everybody, all else for admins."""

from html import escape

from moodtracker.accounts.people import Person
from moodtracker.language import gettext as _
from moodtracker.mail.trouble import said
from moodtracker.troubles import Kind, Trouble
from pages.sub_path import address


def card(person: Person, troubles: tuple[Trouble, ...]) -> str:
    """What is wrong now; an empty place where nothing is. ``troubles`` are for administrators."""
    lines = []
    if person.clock_doubted_at is not None:
        lines.append(
            _(
                "This server is not sure what day it is. Until it is, no year is closed and "
                "nothing is erased. Your moods are saved as always."
            )
        )
    if person.administrator:
        lines += [said(trouble, person.zone) for trouble in troubles if trouble.kind != Kind.CLOCK]
    if not lines:
        return '<div id="notices" hidden></div>'
    told = "".join(f'<p class="alert">{escape(line)}</p>' for line in lines)
    link = f'<p><a href="{address("/admin#year-end")}">{_("Open administration")}</a></p>'
    return (
        f'<section id="notices" class="card"><h2>{_("Something is wrong with this server")}</h2>'
        f"{told}{link if person.administrator else ''}</section>"
    )
