"""What `moodtracker check` looks at, with the cure of each fault, and a real mail to try."""

import asyncio
from collections.abc import Iterator

from nicegui import ui
from nicegui.elements.mixins.disableable_element import DisableableElement
from nicegui.elements.mixins.text_element import TextElement

from moodtracker import checks
from moodtracker.accounts.registration import InvalidInput
from moodtracker.accounts.sessions import still_signed_in
from moodtracker.checks import address, mail
from moodtracker.checks.finding import Finding
from moodtracker.language import gettext as _
from pages import parts
from pages.sections import Section, Visit


class _Button(TextElement, DisableableElement):
    """A button that is not there to be pressed while what it began goes on."""


async def _show(visit: Visit) -> None:
    parts.text("p", _("Settings, data, database, clock, proxy and mail. Looking changes nothing."))
    with ui.element("ul").classes("rows findings") as rows:
        rows.props["aria-live"] = "polite"
    button = _Button(tag="button", text=_("Look now"))
    button.classes("plain").props["type"] = "button"

    async def look() -> None:
        if not await asyncio.to_thread(_administers, visit):
            ui.navigate.reload()  # to the page for who does not
            return
        button.disable()
        rows.clear()
        findings = _findings(visit)
        while (finding := await asyncio.to_thread(next, findings, None)) is not None:
            with rows:
                _show_finding(finding)
        button.enable()

    button.on("click", look)
    with visit.form("checks/mail"):
        visit.field(
            _("Send a test mail to"),
            "to",
            value=visit.person.email or "",
            kind="email",
            autocomplete="email",
        )
        parts.submit(_("Send"), "plain")


def _administers(visit: Visit) -> bool:
    """Whether the page's person still does: it may have been open for days."""
    with visit.app.database.read() as session:
        person = still_signed_in(session, visit.who)
    return person.administrator


def _findings(visit: Visit) -> Iterator[Finding]:
    """All findings, those of the administrator's own way here included."""
    config, request = visit.app.settings, visit.request
    peer, claimed = request.state.asked_by
    told = {"x-forwarded-for": claimed, "host": request.headers.get("host", "")}
    yield from address.look_at_request(config, peer, told)
    yield from checks.look_at(config)


def _show_finding(finding: Finding) -> None:
    with ui.element("li").props(f"data-state={finding.state}"), ui.element("div"):
        parts.text("b", f"{finding.subject}: {_state(finding)}")
        parts.text("p", finding.words)
        if finding.cure:
            parts.text("p", f"→ {finding.cure}").classes("cure")


def _state(finding: Finding) -> str:
    return {"ok": _("ok"), "warning": _("warning"), "fault": _("fault")}[finding.state]


async def _send(visit: Visit) -> str:
    recipient = visit.given.get("to", "")
    findings = await asyncio.to_thread(list, mail.look(visit.app.settings, recipient))
    for finding in findings:
        if finding.state == "fault" or visit.app.smtp is None:
            raise InvalidInput({"to": f"{finding.words} {finding.cure}"})
    return next(finding.words for finding in findings if finding.state == "ok")


SECTION = Section("checks", lambda: _("Does everything work?"), _show, {"checks/mail": _send})
