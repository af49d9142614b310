"""The year's end for whoever runs this server: what waits, what is stuck, and trying it before."""

import asyncio
from contextlib import suppress
from datetime import datetime

from nicegui import ui

from moodtracker.accounts import people
from moodtracker.accounts.registration import InvalidInput
from moodtracker.app import envelope
from moodtracker.days import zone_of
from moodtracker.language import day_and_time, number
from moodtracker.language import gettext as _
from moodtracker.mail import dsn, rehearsal
from moodtracker.mail.bounces import Outcome
from moodtracker.mail.dsn import NoReport
from moodtracker.mail.message import in_one_line
from moodtracker.mail.rehearsal import Report
from moodtracker.yearend import Status
from pages import parts
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    found = await asyncio.to_thread(visit.app.year_end.status)
    if found.doubt:
        _show_doubt(visit, found)
    if visit.app.outbox is None:
        parts.alert(_("No mail server is set: finished boards wait, and nothing is erased unseen."))
    if found.trouble:
        words = _("The mail server has trouble: {words}. It is tried again on {moment}.")
        parts.alert(
            words.format(
                words=found.trouble.words, moment=_moment(visit, found.trouble.quiet_until)
            )
        )
    with ui.element("ul").classes("rows"):
        for line in _lines(visit, found):
            with ui.element("li"), ui.element("div"):
                parts.text("p", line)
    if found.states["sent"]:
        _show_bounce(visit)
    if visit.app.outbox:
        with visit.form("year-end/rehearse"):
            parts.submit(_("Rehearse the year's end, sending nothing"), "plain")
        if found.states["held"]:
            with visit.form("year-end/again"):
                parts.submit(_("Try the held boards again"), "plain")


def _show_doubt(visit: Visit, found: Status) -> None:
    if found.doubt is None:
        return
    parts.alert(
        _(
            "This server's clock went from {seen} to {now} at once. No year is closed and nothing "
            "is erased until it is set right, or until you confirm it."
        ).format(
            seen=_moment(visit, found.doubt.seen_at, with_year=True),
            now=_moment(visit, found.doubt.doubted_at, with_year=True),
        )
    )
    with visit.form("year-end/confirm-clock"):
        parts.submit(_("The clock is right"), "danger")


def _show_bounce(visit: Visit) -> None:
    """For a mail that the operator found in their own mailbox."""
    with ui.element("details").classes("more"):
        parts.text("summary", _("A board came back?"))
        with ui.element("div"), visit.form("year-end/bounce"):
            parts.area(
                _("The returned mail"),
                "returned",
                html_id="year-end-returned",
                value=visit.given.get("returned", ""),
                help_text=_("Paste it with its headers, or what the mail server said."),
            )
            visit.field(
                _("Username or email"),
                "whose",
                help_text=_("Whose board it was, if the returned mail is not complete."),
                required=False,
            )
            parts.submit(_("Mark as not delivered"), "plain")


def _lines(visit: Visit, found: Status) -> list[str]:
    """What stands where, in sentences."""
    words = {
        "pending": _("Boards that wait for their time: {count}"),
        "sending": _("Boards on their way: {count}"),
        "sent": _("Boards sent, still here for a while: {count}"),
        "held": _("Failed: {count}"),
        "no_address": _("Boards without a verified address: {count}"),
        "opted_out": _("Boards of people who want no mail: {count}"),
        "empty": _("Years without a mood: {count}"),
    }
    lines = [
        line.format(count=number(found.states[state]))
        for state, line in words.items()
        if found.states[state]
    ]
    if found.erased:
        lines.append(_("Boards sent and erased: {count}").format(count=number(found.erased)))
    if found.messages:
        lines.append(_("Other mails that wait: {count}").format(count=number(found.messages)))
    if found.next_try_at:
        lines.append(_("Next board: {moment}").format(moment=_moment(visit, found.next_try_at)))
    if found.next_close_at:
        moment = _moment(visit, found.next_close_at)
        lines.append(_("The next year ends: {moment}").format(moment=moment))
    if found.failure:
        lines.append(
            _("Longest in vain: {year} of {username}, {count} tries: {words}").format(
                year=found.failure.year,
                username=found.failure.username,
                count=number(found.failure.attempts),
                words=found.failure.reason,
            )
        )
    return lines or [_("No year has been closed yet.")]


def _moment(visit: Visit, when: datetime, *, with_year: bool = False) -> str:
    local = when.astimezone(zone_of(visit.person.zone))
    return f"{day_and_time(local)} ({local.year})" if with_year else day_and_time(local)


async def _rehearse(visit: Visit) -> str:
    app, smtp = visit.app, visit.app.smtp
    if smtp is None:
        return _("No mail server is set.")

    def run() -> Report:
        return rehearsal.rehearse(
            app.database,
            smtp,
            envelope(app.settings),
            people.everyone(app.database),
            return_addresses=app.return_addresses,
        )

    return " ".join(_report(await asyncio.to_thread(run)))


def _report(report: Report) -> list[str]:
    sentences = [
        _("{count} mails were made, the largest of {size} KB.").format(
            count=number(report.made), size=number(report.largest // 1024)
        )
    ]
    for words, who in (
        (_("These cannot be made: {people}."), report.failed),
        (_("No address: {people}."), report.no_address),
        (_("Address not verified: {people}."), report.not_verified),
        (_("Want no mail: {people}."), report.want_no_mail),
    ):
        if who:
            sentences.append(words.format(people=_some(who)))
    if report.trouble:
        trouble = _("The mail server rejects our email: {words}.")
        sentences.append(trouble.format(words=report.trouble))
    else:
        sentences.append(_("The mail server lets us in. Nothing was sent."))
    return sentences


def _some(who: tuple[str, ...]) -> str:
    """The first of many: what was done is said by a cookie, which holds little."""
    shown = ", ".join(who[:10])
    if len(who) <= 10:
        return shown
    return _("{people} and {count} more").format(people=shown, count=number(len(who) - 10))


async def _again(visit: Visit) -> str:
    await asyncio.to_thread(visit.app.year_end.retry_held, visit.person.id)
    return _("They are tried again within a minute.")


async def _bounce(visit: Visit) -> str:
    returned, whose = visit.given.get("returned", ""), visit.given.get("whose", "").strip()

    def take() -> Outcome:
        bounces, by = visit.app.bounces, visit.person.id
        outcome = Outcome.UNKNOWN
        with suppress(NoReport):
            outcome = bounces.take(dsn.read(returned.encode(errors="replace")), by=by)
        if outcome != Outcome.HELD and whose:
            outcome = bounces.hold(whose, in_one_line(returned)[:300], by=by)
        return outcome

    if await asyncio.to_thread(take) != Outcome.HELD:
        raise InvalidInput(
            {"whose": _("No board that was mailed and is still here. Check the username.")}
        )
    return _("The board is marked as not delivered, and its person sees it.")


async def _confirm(visit: Visit) -> str:
    await asyncio.to_thread(visit.app.clock_watch.confirm, visit.person.id)
    return _("Then years are closed and erased as they are due.")


SECTION = Section(
    "year-end",
    lambda: _("The end of the year"),
    _show,
    {
        "year-end/rehearse": _rehearse,
        "year-end/again": _again,
        "year-end/bounce": _bounce,
        "year-end/confirm-clock": _confirm,
    },
)
