"""Showing once more that it is really them, before something that matters: by their password.

Who has none, since they sign in with the identity provider, signs in there once more instead.
"""

import asyncio

from moodtracker.accounts import linking
from moodtracker.accounts.proving import WrongPassword
from moodtracker.accounts.registration import InvalidInput
from moodtracker.language import gettext as _
from pages import parts, posting, words
from pages.provider import prove
from pages.sections import Visit


async def by_password(visit: Visit) -> bool:
    """Whether this person has a password that can be asked for."""
    if visit.app.settings.oidc_only:
        return False
    ways = await asyncio.to_thread(linking.ways_in, visit.app.database, visit.person.id)
    return ways.by_password


async def show(visit: Visit) -> None:
    """The field for the password, in a form of the section; nothing for who has none."""
    if await by_password(visit):
        parts.hidden("username", visit.person.username, autocomplete="username")
        visit.field(
            _("Your password"), "password", kind="password", autocomplete="current-password"
        )


async def is_needed_first(visit: Visit) -> bool:
    """Whether they have to go to the provider before the form is of any use."""
    return not await by_password(visit) and not prove.proved(visit.request, visit.app)


async def check(visit: Visit) -> None:
    """Raise :class:`~moodtracker.accounts.registration.InvalidInput` where it is not shown."""
    if not await by_password(visit):
        if not prove.proved(visit.request, visit.app):
            raise InvalidInput({"": _("Please show first that it is you.")})
        return
    given = visit.given.get("password", "")
    try:
        await visit.app.proving.confirm(visit.who, given, posting.visitor(visit.request, visit.app))
    except WrongPassword as error:
        raise InvalidInput({"password": words.for_person(error)}) from None
