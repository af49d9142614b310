"""The mail address: which one it is, whether it is confirmed, and changing it."""

import asyncio

from moodtracker.accounts import addresses, registration
from moodtracker.accounts.addresses import ask_for_verification, claim
from moodtracker.accounts.registration import InvalidInput
from moodtracker.accounts.sessions import lock_person
from moodtracker.accounts.throttling import Count
from moodtracker.language import gettext as _
from moodtracker.live import tell
from pages import parts
from pages.sections import Section, Visit
from pages.settings import proof

_FREE_LINKS = 5  # for each person; more have to wait


async def _show(visit: Visit) -> None:
    person = visit.person
    waiting = await asyncio.to_thread(addresses.waiting, visit.app.database, person.id)
    mails = visit.app.smtp is not None
    parts.text("p", person.email or _("You have given no address.")).classes("value")
    parts.text("p", _state(visit, waiting if mails else None))
    if mails and (waiting or (person.email and not person.mail_address)):
        with visit.form("address/again"):
            parts.submit(_("Send the link once more"), "plain")
    with visit.form("address"):
        visit.field(_("New address"), "email", kind="email", autocomplete="email")
        await proof.show(visit)
        parts.submit(_("Change my address"), "plain")


def _state(visit: Visit, waiting: str | None) -> str:
    if visit.app.smtp is None:
        return _(
            "This board sends no mail: your finished year is not mailed, it waits here for you to "
            "download, and nobody can have a link to a new password."
        )
    if waiting:
        return _(
            "A link was sent to {address}. Please follow it: until then nothing else is sent there."
        ).format(address=waiting)
    if visit.person.mail_address:
        return _("It is confirmed. Your finished year is mailed here.")
    if visit.person.email:
        return _("It is not confirmed yet, so that nothing is sent there.")
    return _("Your finished year cannot be mailed to you.")


async def _change(visit: Visit) -> str:
    try:
        email = registration.checked_email(visit.given.get("email", ""))
    except ValueError as error:
        raise InvalidInput({"email": str(error)}) from None
    await proof.check(visit)
    await _slow_down(visit)
    await asyncio.to_thread(_note, visit, email)
    if visit.app.smtp is None:
        return _("Your address is changed.")
    return _("A link was sent to {address}.").format(address=email)


def _note(visit: Visit, email: str) -> None:
    with visit.app.database.write() as session:
        person = lock_person(session, visit.who)
        if visit.app.smtp is None:
            claim(session, person.id, email)
        else:
            ask_for_verification(session, person.id, email, visit.address)
        tell(session, person.id)


async def _again(visit: Visit) -> str:
    await _slow_down(visit)
    waiting = await asyncio.to_thread(addresses.waiting, visit.app.database, visit.person.id)
    email = waiting or visit.person.email
    if email is None or visit.app.smtp is None:
        return _state(visit, None)
    await asyncio.to_thread(_note, visit, email)
    return _("A link was sent to {address}.").format(address=email)


async def _slow_down(visit: Visit) -> None:
    counts = [Count(f"links that verify for {visit.person.id}", _FREE_LINKS)]
    await asyncio.to_thread(visit.app.throttle.begin, counts)


SECTION = Section(
    "address",
    lambda: _("Your mail address"),
    _show,
    {"address": _change, "address/again": _again},
)
