"""Leaving for good."""

import asyncio

from starlette.responses import Response

from moodtracker.accounts import leaving
from moodtracker.accounts.administrators import LastAdministrator
from moodtracker.accounts.registration import InvalidInput
from moodtracker.language import gettext as _
from pages import errors, parts, posting
from pages.provider import prove
from pages.sections import Section, Visit
from pages.settings import proof


async def _show(visit: Visit) -> None:
    parts.text(
        "p",
        _(
            "Your account is deleted at once and for good: your moods, your closed years, your "
            "settings, and what waits to be mailed. Nobody can bring it back."
        ),
    )
    with visit.form("everything"):
        parts.submit(_("First download everything"), "plain")
    if await proof.is_needed_first(visit):
        prove.ask(visit.app, f"{visit.page}#{visit.section}")
        return
    with visit.form("leave"):
        await proof.show(visit)
        parts.submit(_("Delete my account"), "danger")


async def _leave(visit: Visit) -> Response:
    await proof.check(visit)
    try:
        farewell = await asyncio.to_thread(
            leaving.delete_account, visit.app.database, visit.person.id, visit.address
        )
    except LastAdministrator:
        raise InvalidInput(
            {
                "": _(
                    "You are the only administrator. Make somebody else one first, on the "
                    "administration page."
                )
            }
        ) from None
    visit.app.goodbyes.say_soon(farewell)
    answer = errors.page(
        _("Your account is deleted"),
        _("Nothing of it is left here. Thank you for having been here; be well."),
        200,
        (_("To the start"), "/login"),
    )
    return posting.without_session(answer, visit.app)


SECTION = Section("leave", lambda: _("Leave"), _show, {"leave": _leave})
