"""/admin: what whoever runs this server sees of it, a section for each subject; never a mood.

A new section is a module here with a ``SECTION`` of its own, and a line below.
"""

from fastapi import FastAPI

from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import sections
from pages.admin import checks, invitations, people, year_end

# In the order in which they stand on the page.
SECTIONS = (people.SECTION, invitations.SECTION, year_end.SECTION, checks.SECTION)


def mount(web: FastAPI, app: App) -> None:
    """Serve the page to administrators; for everybody else it does not exist."""
    sections.mount(
        web,
        app,
        "/admin",
        lambda: _("Administration"),
        SECTIONS,
        may_see=lambda person: person.administrator,
    )
