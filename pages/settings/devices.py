"""Where the person is signed in, and signing out there."""

import asyncio

from nicegui import ui

from moodtracker.accounts import sessions
from moodtracker.accounts.sessions import Device
from moodtracker.days import zone_of
from moodtracker.language import day_and_time
from moodtracker.language import gettext as _
from pages import parts
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    devices = await asyncio.to_thread(sessions.devices, visit.app.database, visit.who)
    with ui.element("ul").classes("rows"):
        for device in devices:
            _show_device(visit, device)
    if len(devices) > 1:
        with visit.form("devices/sign-out-others"):
            parts.submit(_("Sign out everywhere else"), "plain")


def _show_device(visit: Visit, device: Device) -> None:
    zone = zone_of(visit.person.zone)
    with ui.element("li"):
        with ui.element("div"):
            parts.text("b", device.name or _("Unknown browser"))
            if device.is_this_one:
                parts.text("p", _("This browser"))
            else:
                seen = day_and_time(device.seen_at.astimezone(zone))
                parts.text("p", _("Last used {moment}").format(moment=seen))
        if not device.is_this_one:
            with visit.form("devices/sign-out"):
                parts.hidden("device", device.token_hash)
                parts.submit(_("Sign out"), "plain")


async def _sign_out(visit: Visit) -> str:
    await asyncio.to_thread(
        sessions.end,
        visit.app.database,
        visit.person.id,
        visit.given.get("device", ""),
        visit.address,
    )
    return _("That browser is signed out.")


async def _sign_out_others(visit: Visit) -> str:
    await asyncio.to_thread(sessions.end_others, visit.app.database, visit.who, visit.address)
    return _("Every other browser is signed out.")


SECTION = Section(
    "devices",
    lambda: _("Where you are signed in"),
    _show,
    {"devices/sign-out": _sign_out, "devices/sign-out-others": _sign_out_others},
)
