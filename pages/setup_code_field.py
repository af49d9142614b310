"""The field for the setup code, for as long as the administrator is still to come."""

import asyncio
from collections.abc import Mapping

from moodtracker.accounts.administrators import is_founded
from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import parts


async def is_asked_for(app: App) -> bool:
    """Whether whoever joins now may show the code."""

    def nobody_administers() -> bool:
        with app.database.read() as session:
            return not is_founded(session)

    return app.setup_code is not None and await asyncio.to_thread(nobody_administers)


def setup_code_field(app: App, given: Mapping[str, str], wrong: Mapping[str, str]) -> None:
    """Ask for it; where all may join, only the administrator has to have it."""
    parts.field(
        _("Setup code"),
        "setup_code",
        value=given.get("setup_code", ""),
        help_text=_("It stands in the log of the server, and makes you its administrator."),
        wrong=wrong.get("setup_code"),
        required=app.settings.registration != "open",
        focus=True,
    )
