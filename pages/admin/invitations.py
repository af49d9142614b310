"""Invitations: making a link that lets one person join, and taking it back."""

import asyncio

from nicegui import ui

from moodtracker.accounts import invitations
from moodtracker.language import day_and_month
from moodtracker.language import gettext as _
from pages import parts
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    if visit.app.settings.registration != "invite":
        parts.text("p", _("To invite people, set MOODTRACKER_REGISTRATION=invite."))
        return
    parts.text(
        "p", _("Each link lets one person join. It works once, for 7 days, and is shown once.")
    )
    waiting = await asyncio.to_thread(invitations.waiting, visit.app.database)
    with ui.element("ul").classes("rows"):
        for invitation in waiting:
            with ui.element("li"):
                with ui.element("div"):
                    made = day_and_month(invitation.created_at.date())
                    until = day_and_month(invitation.expires_at.date())
                    parts.text(
                        "p", _("Made on {day}, good until {until}").format(day=made, until=until)
                    )
                with visit.form("invitations/withdraw"):
                    parts.hidden("invitation", invitation.token_hash)
                    parts.submit(_("Take back"), "plain")
    with visit.form("invitations"):
        parts.submit(_("Make an invitation"), "plain")


async def _make(visit: Visit) -> str:
    token = await asyncio.to_thread(
        invitations.make, visit.app.database, visit.person.id, visit.address
    )
    link = invitations.link(visit.app.settings.base_url, token)
    return _("Send this link to one person: {link}").format(link=link)


async def _withdraw(visit: Visit) -> str:
    given = visit.given.get("invitation", "")
    await asyncio.to_thread(invitations.withdraw, visit.app.database, given, visit.person.id)
    return _("That invitation is worth nothing any more.")


SECTION = Section(
    "invitations",
    lambda: _("Invitations"),
    _show,
    {"invitations": _make, "invitations/withdraw": _withdraw},
)
