"""Changing the password."""

from functools import partial

from moodtracker.accounts import new_password, passwords, proving
from moodtracker.accounts.people import Person
from moodtracker.accounts.registration import InvalidInput
from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import parts
from pages.sections import Section, Visit
from pages.settings import proof


async def _show(visit: Visit) -> None:
    if not await proof.by_password(visit):
        parts.text("p", _("You have none here: you sign in with your provider."))
        return
    with visit.form("password"):
        await proof.show(visit)
        visit.field(
            _("New password"),
            "new",
            kind="password",
            autocomplete="new-password",
            help_text=_(
                "At least {number} characters; a sentence is fine. Everywhere else you are "
                "signed out."
            ).format(number=passwords.SHORTEST),
        )
        parts.submit(_("Change my password"), "plain")


async def _change(visit: Visit) -> str:
    await proof.check(visit)
    try:
        change = partial(
            new_password.change,
            visit.app.database,
            visit.who,
            visit.given.get("new", ""),
            visit.address,
        )
        await passwords.choosing.run(proving.whose(visit.who), change, trusted=True)
    except InvalidInput as error:
        raise InvalidInput({"new": error.messages["password"]}) from None
    return _("Your password is changed, and you are signed out everywhere else.")


def _is_there(app: App, person: Person) -> bool:
    return not app.settings.oidc_only


SECTION = Section(
    "password", lambda: _("Password"), _show, {"password": _change}, is_there=_is_there
)
