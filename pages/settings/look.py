"""How the pages look, and which language they speak."""

import asyncio

from moodtracker.language import LANGUAGES
from moodtracker.language import gettext as _
from pages import choices, parts
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    person = visit.person
    themes = [("system", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))]
    with visit.form("look"):
        choices.one_of(visit, _("Theme"), "theme", themes, chosen=person.theme)
        if len(LANGUAGES) > 1:
            languages = [("", _("As the browser asks")), *LANGUAGES.items()]
            choices.one_of(visit, _("Language"), "language", languages, chosen=person.language)
        choices.yes_or_no(
            visit,
            _("Draw faces into the squares of the year"),
            "faces_in_squares",
            chosen=person.faces_in_squares,
        )
        choices.yes_or_no(
            visit, _("The keys 1 to 5 pick a mood"), "number_keys", chosen=person.number_keys
        )
        parts.submit(_("Save"), "plain")


async def _set(visit: Visit) -> str:
    await asyncio.to_thread(visit.app.preferences.set_look, visit.who, visit.given)
    return _("Saved.")


SECTION = Section("look", lambda: _("Look"), _show, {"look": _set})
