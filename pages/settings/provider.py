"""The identity provider: connected or not, and changing that."""

import asyncio

from starlette.responses import Response

from moodtracker.accounts import linking
from moodtracker.accounts.attempt import Attempt
from moodtracker.accounts.linking import LastWayIn
from moodtracker.accounts.registration import InvalidInput
from moodtracker.language import gettext as _
from pages import parts
from pages.provider import away
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    ways = await asyncio.to_thread(linking.ways_in, visit.app.database, visit.person.id)
    name = visit.app.settings.oidc_name
    if not ways.by_provider:
        words = _("You can sign in here with {provider} as well, if it knows you by {address}.")
        address = visit.person.email or _("an e-mail address")
        parts.text("p", words.format(provider=name, address=address))
        with visit.form("provider/connect"):
            parts.submit(_("Connect with {provider}").format(provider=name), "plain")
        return
    parts.text("p", _("You can sign in here with {provider}.").format(provider=name))
    if visit.app.settings.oidc_only:
        return
    if not ways.by_password:
        parts.text("p", _("It is your only way in: you have no password here."))
        return
    with visit.form("provider/disconnect"):
        parts.submit(_("Disconnect from {provider}").format(provider=name), "plain")


async def _connect(visit: Visit) -> str | Response:
    if visit.app.provider is None:
        raise InvalidInput({"": _("There is nothing to connect with.")})
    attempt = Attempt(purpose="link", user_id=visit.person.id, next="/settings#provider")
    return await away.set_out(visit.request, visit.app, visit.app.provider, attempt)


async def _disconnect(visit: Visit) -> str:
    try:
        await asyncio.to_thread(linking.unlink, visit.app.database, visit.who, visit.address)
    except LastWayIn:
        raise InvalidInput({"": _("It is your only way in, so it stays connected.")}) from None
    return _("It is no longer connected. Your password works as before.")


SECTION = Section(
    "provider",
    lambda: _("Signing in with another account"),
    _show,
    {"provider/connect": _connect, "provider/disconnect": _disconnect},
    lambda app, person: app.provider is not None,
)
