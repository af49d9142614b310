"""/settings: what a person decides about their board and their account, a section for each subject.

A new section is a module here with a ``SECTION`` of its own, and a line below.
"""

from fastapi import FastAPI

from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import sections
from pages.settings import (
    activity,
    address,
    day,
    devices,
    leave,
    look,
    names,
    notes,
    password,
    provider,
    reminder,
    takeout,
    year_end,
)

# In the order in which they stand on the page: first the board, then mail, then the account.
SECTIONS = (
    day.SECTION,
    look.SECTION,
    year_end.SECTION,
    notes.SECTION,
    reminder.SECTION,
    names.SECTION,
    address.SECTION,
    password.SECTION,
    provider.SECTION,
    devices.SECTION,
    activity.SECTION,
    takeout.SECTION,
    leave.SECTION,
)


def mount(web: FastAPI, app: App) -> None:
    """Serve the page to everybody who is signed in."""
    sections.mount(web, app, "/settings", lambda: _("Settings"), SECTIONS)
