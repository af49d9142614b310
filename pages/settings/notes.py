"""Whether notes go along with the year-end mail."""

import asyncio

from starlette.responses import Response

from moodtracker.accounts.registration import InvalidInput
from moodtracker.language import gettext as _
from pages import choices, parts, posting
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    with visit.form("notes"):
        choices.yes_or_no(
            visit,
            _("Put my notes into the mail at the year’s end"),
            "notes_in_mail",
            chosen=visit.person.notes_in_mail,
        )
        parts.text(
            "p",
            _(
                "Without them, a year with notes stays here until you have downloaded it, or your "
                "next year is over."
            ),
        ).classes("help")
        parts.submit(_("Save"), "plain")


async def _set(visit: Visit) -> str:
    wanted = visit.given.get("notes_in_mail") == "on"
    await asyncio.to_thread(visit.app.preferences.set_notes_in_mail, visit.who, wanted=wanted)
    return _("Saved.")


async def _answer(visit: Visit) -> Response:
    """What the board asks; it leads back there."""
    wanted = {"yes": True, "no": False}.get(visit.given.get("include", ""))
    if wanted is None:
        raise InvalidInput({"": _("That could not be understood, and nothing was changed.")})
    await asyncio.to_thread(visit.app.preferences.set_notes_in_mail, visit.who, wanted=wanted)
    return posting.to("/")


SECTION = Section("notes", lambda: _("Notes"), _show, {"notes": _set, "notes/answer": _answer})
