"""What the person is called."""

import asyncio

from moodtracker.language import gettext as _
from pages import parts
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    with visit.form("names"):
        visit.field(
            _("First name"),
            "first_name",
            value=visit.person.first_name,
            autocomplete="given-name",
        )
        visit.field(
            _("Last name (if you like)"),
            "last_name",
            value=visit.person.last_name,
            autocomplete="family-name",
            required=False,
        )
        parts.submit(_("Save"), "plain")


async def _rename(visit: Visit) -> str:
    await asyncio.to_thread(visit.app.preferences.rename, visit.who, visit.given)
    return _("Your name is saved.")


SECTION = Section("names", lambda: _("Your name"), _show, {"names": _rename})
