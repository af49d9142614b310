"""The year's end: the mail or none, trying it, and the year that is closed but still here."""

import asyncio

from nicegui import ui

from moodtracker.accounts.registration import InvalidInput
from moodtracker.closed_years import ClosedYear
from moodtracker.days import zone_of
from moodtracker.language import day_and_month, ngettext, time_of_day
from moodtracker.language import gettext as _
from moodtracker.mail import post, wishes
from pages import closed_year, keeping, parts
from pages.sections import Section, Visit
from pages.sub_path import address


async def _show(visit: Visit) -> None:
    person = visit.person
    parts.text("p", _words(visit))
    with visit.form("year-end/mail"):
        parts.hidden("mail", "no" if person.year_end_mail else "yes")
        parts.submit(
            _("Do not mail me my year") if person.year_end_mail else _("Mail me my year"), "plain"
        )
    with ui.element("p"):
        link = parts.text("a", _("See how the mail looks so far"))
        link.props["href"] = address("/year-end/preview")
    if visit.app.outbox and person.mail_address:
        with visit.form("year-end/send"):
            parts.submit(_("Send my year so far to me now"), "plain")
    closed = await asyncio.to_thread(visit.app.closed_years.of, person)
    while closed is not None:
        _show_closed(visit, closed)
        closed = closed.older


def _words(visit: Visit) -> str:
    person, at = visit.person, visit.app.settings.year_end_mail_at
    if not visit.app.outbox:
        return _(
            "When a year is over, your board begins anew, and the finished one stays here for you "
            "to download. It is not mailed: no mail server is set here."
        )
    if not person.year_end_mail:
        return _(
            "When a year is over, your board begins anew, and the finished one stays here for you "
            "to download."
        )
    if not person.mail_address:
        return _(
            "When a year is over, the finished board is mailed to you. For that we need a mail "
            "address that you have verified."
        )
    local = closed_year.new_years_day(person.today.year + 1, at, zone_of(person.zone))
    return _(
        "When a year is over, the finished board is mailed to {address}, on {day} at {time}, and "
        "then forgotten here."
    ).format(address=person.mail_address, day=day_and_month(local.date()), time=time_of_day(local))


def _show_closed(visit: Visit, closed: ClosedYear) -> None:
    parts.text("h3", _("Your {year}").format(year=closed.year))
    parts.text("p", closed_year.delivery(closed, visit.person))
    if closed.state == "held" and closed.reason:
        parts.text("p", _("The mail server said: {words}").format(words=closed.reason))
    ui.html(closed_year.everything(closed) + keeping.links(closed.year), sanitize=False)
    if closed.state == "held" and visit.app.outbox:
        with visit.form("year-end/again"):
            parts.hidden("year", str(closed.year))
            parts.submit(_("Try to mail it again"), "plain")
    with visit.form("year-end/erase"):
        parts.hidden("year", str(closed.year))
        with ui.element("details"):
            parts.text("summary", _("Erase it now"))
            parts.text("p", _("Nobody can bring it back. Your new year stays as it is."))
            if closed.notes:
                parts.text("p", _notes_that_go(closed))
            parts.submit(_("Erase my {year} now").format(year=closed.year), "danger")


def _notes_that_go(closed: ClosedYear) -> str:
    if closed.notes_only_here:
        words = ngettext(
            "{count} note goes with it, and is nowhere else.",
            "{count} notes go with it, and are nowhere else.",
            closed.notes,
        )
    else:
        words = ngettext("{count} note goes with it.", "{count} notes go with it.", closed.notes)
    return words.format(count=closed.notes)


async def _mail(visit: Visit) -> str:
    wanted = visit.given.get("mail") == "yes"
    await asyncio.to_thread(
        wishes.set_year_end_mail, visit.app.database, visit.person.id, visit.address, wanted=wanted
    )
    return _("Your year will be mailed to you.") if wanted else _("Your year will not be mailed.")


async def _send(visit: Visit) -> str:
    if await asyncio.to_thread(_has_enough, visit):
        raise InvalidInput({"": _("It was sent often enough for today. Try again tomorrow.")})
    if not await asyncio.to_thread(post.ask_for_preview, visit.app.database, visit.person):
        raise InvalidInput({"": _("It is on its way already. Please wait a little.")})
    return _("It is on its way to {address}.").format(address=visit.person.mail_address)


def _has_enough(visit: Visit) -> bool:
    address = visit.person.mail_address
    with visit.app.database.read() as session:
        return address is not None and visit.app.recipients.has_enough(
            session, post.Kind.PREVIEW, address, visit.person.id
        )


async def _again(visit: Visit) -> str:
    await asyncio.to_thread(visit.app.closed_years.try_again, visit.person, _year(visit))
    return _("We'll try again soon.")


async def _erase(visit: Visit) -> str:
    year = _year(visit)
    await asyncio.to_thread(visit.app.closed_years.erase, visit.person, year, visit.address)
    return _("Your {year} is erased.").format(year=year)


def _year(visit: Visit) -> int:
    given = visit.given.get("year", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 4):
        raise InvalidInput({"": _("That could not be understood, and nothing was changed.")})
    return int(given)


SECTION = Section(
    "year-end",
    lambda: _("When your year is over"),
    _show,
    {
        "year-end/mail": _mail,
        "year-end/send": _send,
        "year-end/again": _again,
        "year-end/erase": _erase,
    },
)
