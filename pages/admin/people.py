"""The people of this server: who they are, never how they feel."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from nicegui import ui

from moodtracker.accounts import administering, administrators
from moodtracker.accounts.administering import Account, NotThisOne
from moodtracker.accounts.administrators import LastAdministrator
from moodtracker.accounts.registration import InvalidInput
from moodtracker.database import Database
from moodtracker.language import day_and_month
from moodtracker.language import gettext as _
from pages import parts
from pages.sections import Section, Visit

Done = TypeVar("Done")

_YES = "yes"


async def _show(visit: Visit) -> None:
    accounts = await asyncio.to_thread(administering.accounts, visit.app.database)
    with ui.element("ul").classes("rows"):
        for account in accounts:
            with ui.element("li"):
                _show_account(account)
                if account.id != visit.person.id:
                    _show_actions(visit, account)


def _show_account(account: Account) -> None:
    with ui.element("div"):
        parts.text("b", account.username)
        marks = [
            _("Administrator") if account.administrator else "",
            _("Switched off") if account.is_disabled else "",
        ]
        address = account.email or _("No address")
        if account.email and not account.is_verified:
            address = _("{address} (not confirmed)").format(address=account.email)
        seen = _("Not seen yet")
        if account.seen_at:
            seen = _("Last seen {day}").format(day=day_and_month(account.seen_at.date()))
        parts.text("p", " · ".join(filter(None, (address, seen, *marks))))


def _show_actions(visit: Visit, account: Account) -> None:
    with ui.element("details").classes("more"):
        parts.text("summary", _("Change"))
        with ui.element("div"):
            if account.is_verified and visit.app.smtp and not account.is_disabled:
                _button(visit, account, "people/send-link", _("Send a link to a new password"))
            if account.is_disabled:
                _button(visit, account, "people/switch-on", _("Switch on"))
            else:
                if not account.administrator:
                    _button(visit, account, "people/promote", _("Make administrator"))
                _button(visit, account, "people/switch-off", _("Switch off"))
            with visit.form("people/delete"):
                parts.hidden("id", str(account.id))
                box = ui.element("label").classes("sure")
                with box:
                    check = ui.element("input")
                    check.props["type"] = "checkbox"
                    check.props["name"] = "sure"
                    check.props["value"] = _YES
                    check.props["required"] = True
                    parts.text("span", _("For good"))
                parts.submit(_("Delete the account"), "danger")


def _button(visit: Visit, account: Account, path: str, label: str) -> None:
    with visit.form(path):
        parts.hidden("id", str(account.id))
        parts.submit(label, "plain")


async def _send_link(visit: Visit) -> str:
    await _do(visit, administering.send_link)
    return _("The link is on its way.")


async def _switch_off(visit: Visit) -> str:
    await _do(visit, administering.switch_off)
    return _("The account is switched off. Nothing of it is deleted.")


async def _switch_on(visit: Visit) -> str:
    await _do(visit, administering.switch_on)
    return _("The account is switched on.")


async def _delete(visit: Visit) -> str:
    if visit.given.get("sure") != _YES:
        raise InvalidInput({"": _("Please say that you are sure.")})
    visit.app.goodbyes.say_soon(await _do(visit, administering.remove))
    return _("The account is deleted.")


async def _promote(visit: Visit) -> str:
    await _do(visit, administrators.promote)
    return _("This person is an administrator now.")


async def _do(visit: Visit, act: Callable[[Database, int, int, str], Done]) -> Done:
    user_id = _id(visit)
    try:
        return await asyncio.to_thread(
            act, visit.app.database, user_id, visit.person.id, visit.address
        )
    except (NotThisOne, LastAdministrator):
        raise InvalidInput({"": _("This account can't be changed.")}) from None


def _id(visit: Visit) -> int:
    given = visit.given.get("id", "")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise InvalidInput({"": _("This account can't be changed.")})
    return int(given)


SECTION = Section(
    "people",
    lambda: _("People"),
    _show,
    {
        "people/send-link": _send_link,
        "people/switch-off": _switch_off,
        "people/switch-on": _switch_on,
        "people/promote": _promote,
        "people/delete": _delete,
    },
)
