"""Whether notes go into the year-end mail: asked with the first note, and again in December.

Moods and their times are in every such mail. Notes are not, unless their person says so, and
would be nowhere else.
"""

from html import escape

from moodtracker import days
from moodtracker.accounts.people import Person
from moodtracker.board import Board
from moodtracker.language import gettext as _
from pages.sub_path import address

# Where an answer goes, a form of the settings.
ANSWER = "/settings/notes/answer"


def card(person: Person, board: Board, *, has_mail: bool) -> str:
    """The question with its two answers; an empty place where there is nothing to ask."""
    if not has_mail or not _is_open(person, board):
        return '<section id="notes-question" hidden></section>'
    title = escape(_("Include your notes in the year-end email?"))
    words = escape(
        _(
            "The email always has your moods and their times. Your notes are only in it if you say "
            "so; otherwise they stay here for you to download. You can change this in the "
            "settings at any time."
        )
    )
    return (
        '<section id="notes-question" class="card" aria-labelledby="notes-asked">'
        f'<h2 id="notes-asked">{title}</h2><p>{words}</p>'
        f'<form method="post" action="{address(ANSWER)}">'
        f'<button class="plain" name="include" value="yes">{_("Include my notes")}</button> '
        f'<button class="plain" name="include" value="no">{_("Leave them out")}</button>'
        "</form></section>"
    )


def _is_open(person: Person, board: Board) -> bool:
    """Whether there is a note that a mail would leave out, and no answer yet that still counts.

    In December it has to be of that December. Who wants no mail is not asked about one.
    """
    today = person.today
    has_notes = person.noted_year == today.year or board.notes  # `person` may be older
    if not person.year_end_mail or person.notes_in_mail or not has_notes:
        return False
    answered_at = person.notes_answered_at
    if answered_at is None:
        return True
    answered_on = answered_at.astimezone(days.zone_of(person.zone)).date()
    return today.month == 12 and answered_on < today.replace(day=1)
