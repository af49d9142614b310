"""The people of this server: who they are, never how they feel."""

import asyncio

from nicegui import ui

from moodtracker.accounts import people
from moodtracker.accounts.people import Person
from moodtracker.language import gettext as _
from pages import parts
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    everyone = await asyncio.to_thread(people.everyone, visit.app.database)
    with ui.element("ul").classes("rows"):
        for person in everyone:
            _show_person(person)


def _show_person(person: Person) -> None:
    with ui.element("li"), ui.element("div"):
        parts.text("b", person.username)
        parts.text("p", person.email or _("No address"))


SECTION = Section("people", lambda: _("People"), _show)
