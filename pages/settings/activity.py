"""What happened to the account of late: the person's own part of the audit log."""

import asyncio

from nicegui import ui

from moodtracker.accounts import audit
from moodtracker.accounts.audit import Event
from moodtracker.days import zone_of
from moodtracker.language import day_and_time
from moodtracker.language import gettext as _
from pages import parts
from pages.sections import Section, Visit

_SHOWN = 20


async def _show(visit: Visit) -> None:
    lines = await asyncio.to_thread(audit.of, visit.app.database, visit.person.id, limit=_SHOWN)
    parts.text("p", _("If something here was not you, change your password."))
    zone = zone_of(visit.person.zone)
    with ui.element("details").classes("more"):
        parts.text("summary", _("What happened of late"))
        with ui.element("ul").classes("rows"):
            for line in lines:
                with ui.element("li"), ui.element("div"):
                    parts.text("b", _words(line.event))
                    when = day_and_time(line.at.astimezone(zone))
                    parts.text("p", " · ".join(filter(None, (when, line.detail, line.address))))


def _words(event: Event) -> str:
    return {
        Event.JOINED: _("You joined"),
        Event.SIGNED_IN: _("Signed in"),
        Event.SIGN_IN_FAILED: _("A wrong password was given"),
        Event.SIGNED_OUT: _("Signed out"),
        Event.SIGNED_OUT_ELSEWHERE: _("A browser was signed out from another"),
        Event.PASSWORD_CHANGED: _("Password changed"),
        Event.PASSWORD_RESET: _("A new password was chosen by a link or by the operator"),
        Event.RESET_SENT: _("A link to a new password was sent"),
        Event.ADDRESS_CHANGED: _("Mail address changed"),
        Event.ADDRESS_VERIFIED: _("Mail address confirmed"),
        Event.SETTINGS_CHANGED: _("Settings changed"),
        Event.PROVIDER_LINKED: _("Connected with the identity provider"),
        Event.PROVIDER_UNLINKED: _("Disconnected from the identity provider"),
        Event.EXPORTED: _("Everything was downloaded"),
        Event.INVITED: _("An invitation was made"),
        Event.PROMOTED: _("You became an administrator"),
        Event.MAIL_CAME_BACK: _("A mail to you could not be delivered"),
        Event.DISABLED: _("The account was switched off"),
        Event.ENABLED: _("The account was switched on"),
        Event.ERASED: _("A closed year was erased"),
        Event.DELETED: _("The account was deleted"),
    }[event]


SECTION = Section("activity", lambda: _("What happened to your account"), _show)
