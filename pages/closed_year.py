"""The card of the year that has ended, for as long as the server still has it.

In December it says instead, to whoever would get no mail, what is missing.
"""

from datetime import datetime, time, tzinfo
from html import escape

from moodtracker.accounts.people import Person
from moodtracker.closed_years import ClosedYear
from moodtracker.days import zone_of
from moodtracker.language import day_and_month, day_and_time, in_its_year, ngettext
from moodtracker.language import gettext as _
from pages import keeping
from pages.sub_path import address

_PLACE = '<div id="closed-year" hidden></div>'


def card(closed: ClosedYear | None, person: Person) -> str:
    """What became of the year, with its downloads; an empty place where there is none."""
    if closed is None:
        return _december(person)
    years = []
    while closed is not None:
        heading = escape(_("Your {year} is complete").format(year=closed.year))
        is_alright = closed.state in ("pending", "sending") or (
            closed.state == "sent" and not closed.notes_only_here
        )
        warning = "" if is_alright else ' class="alert"'
        years.append(
            f"<h2>{heading}</h2><p{warning}>{escape(delivery(closed, person))}</p>"
            f"{everything(closed)}{keeping.links(closed.year)}"
        )
        closed = closed.older
    return (
        f'<section id="closed-year" class="card">{"".join(years)}'
        f'<p><a href="{address("/settings#year-end")}">{_("More about it")}</a></p></section>'
    )


def delivery(closed: ClosedYear, person: Person) -> str:
    """What became of a closed year and its mail, in a sentence or two."""
    zone = zone_of(person.zone)
    erased = closed.erased_from and day_and_month(closed.erased_from.astimezone(zone).date())
    to = person.email or ""
    if closed.state == "sent":
        if erased:
            words = _("It was mailed to {address}. From {day} on it is here no more.")
        else:
            words = _("It was mailed to {address}.")
        then = _notes_only_here(closed)
    elif closed.state in ("pending", "sending") and closed.reason:
        words = _(
            "It couldn't be delivered to {address} yet. We keep trying, and you can download it "
            "meanwhile."
        )
        then = _notes_only_here(closed)
    elif closed.state in ("pending", "sending"):
        due = day_and_time(closed.due_at.astimezone(zone))
        words = _(
            "It is on its way to {address}, from {moment} on, and stays here until it has arrived."
        ).replace("{moment}", due)
        then = _notes_only_here(closed)
    else:
        words = {
            "held": _("It could not be delivered to {address}."),
            "no_address": _("It is not mailed, since your mail address is not verified."),
            "no_server": _("It is not mailed, since no mail server is set here."),
        }.get(closed.state, _("It is not mailed, as you wish."))
        if erased:
            then = _("You have a copy; from {day} on it is here no more.")
        elif closed.notes_only_here:
            then = _notes_only_here(closed)
        else:
            then = _(
                "Please keep a copy: it is here until you have one, or your next year is over."
            )
    return " ".join(part for part in (words, then) if part).format(address=to, day=erased)


def _notes_only_here(closed: ClosedYear) -> str:
    """How many notes would be lost with the year, and until when they are here."""
    if not closed.notes_only_here:
        return ""
    words = ngettext(
        "Your note of that year is only here, in no email. Download everything by {day}: after "
        "that it may be deleted.",
        "Your {count} notes of that year are only here, in no email. Download everything by "
        "{day}: after that they may be deleted.",
        closed.notes_only_here,
    )
    return words.format(count=closed.notes_only_here, day=in_its_year(closed.kept_until))


def everything(closed: ClosedYear) -> str:
    """One button for all of it, where some of it is nowhere else."""
    if not closed.notes_only_here:
        return ""
    where = address(f"/moods.zip?year={closed.year}")
    words = escape(_("Download everything"))
    return f'<p class="everything"><a class="plain" href="{where}" download>{words}</a></p>'


def new_years_day(year: int, at: time, zone: tzinfo) -> datetime:
    """When a year's board is mailed, on a wall clock in ``zone``."""
    return datetime(year, 1, 1, at.hour, at.minute, tzinfo=zone)


def _december(person: Person) -> str:
    """Who would get no mail is told so while there is time."""
    today = person.today
    if today.month != 12 or not person.year_end_mail or person.mail_address:
        return _PLACE
    title = escape(_("Your {year} is nearly complete").format(year=today.year))
    words = escape(
        _(
            "When it is over, your finished board can be mailed to you. For that we need a mail "
            "address that you have verified."
        )
    )
    return (
        f'<section id="closed-year" class="card"><h2>{title}</h2><p>{words}</p>'
        f'<p><a href="{address("/settings")}">{_("To your settings")}</a></p></section>'
    )
