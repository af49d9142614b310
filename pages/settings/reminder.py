"""A reminder on days without a mood."""

import asyncio

from moodtracker.language import gettext as _
from pages import choices, parts
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    reminder = await asyncio.to_thread(visit.app.preferences.reminder, visit.who)
    with visit.form("reminder"):
        choices.yes_or_no(
            visit,
            _("Write to me on days when I have not picked a mood yet"),
            "reminder",
            chosen=reminder.wanted,
        )
        visit.field(_("At"), "reminder_at", kind="time", value=f"{reminder.at:%H:%M}")
        parts.submit(_("Save"), "plain")


async def _set(visit: Visit) -> str:
    await asyncio.to_thread(visit.app.preferences.set_reminder, visit.who, visit.given)
    return _("Saved.")


SECTION = Section("reminder", lambda: _("Reminder"), _show, {"reminder": _set})
