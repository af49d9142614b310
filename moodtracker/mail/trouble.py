"""The mail to an administrator about what is or was wrong with this server; no name, no mood."""

from datetime import datetime

from sqlalchemy.orm import Session

from moodtracker import days, troubles
from moodtracker.accounts.people import Person, active
from moodtracker.database import Database
from moodtracker.language import day_and_month, day_and_time, ngettext, number, speaking
from moodtracker.language import gettext as _
from moodtracker.mail.account import Words, letter
from moodtracker.mail.letter import Asked, Envelope, Letter, Write
from moodtracker.mail.post import Kind
from moodtracker.troubles import Trouble


def writers(database: Database, envelope: Envelope) -> dict[str, Write]:
    """What the outbox asks."""

    def write(asked: Asked) -> Letter | None:
        with database.read() as session:
            person = active(session, asked.user_id)
            if person is None or not person.administrator or person.mail_address is None:
                return None
            found = troubles.worth_telling(session)
            if not found:
                return None
            with speaking(person.language):
                words = _words(session, envelope, person, found)
        return letter(envelope, asked, person.first_name, person.mail_address, words)

    return {Kind.TROUBLE: write}


def said(trouble: Trouble, zone: str) -> str:
    """A trouble in a sentence, for an administrator who lives in ``zone``."""
    since = _moment(trouble.since, zone)
    match trouble.kind:
        case troubles.Kind.MAIL if trouble.until:
            words = _("From {since} until {until} the mail server took no mails: {words}")
            until = _moment(trouble.until, zone)
            return words.format(since=since, until=until, words=trouble.words)
        case troubles.Kind.MAIL:
            words = _("Since {since} the mail server has taken no mails: {words}")
            return words.format(since=since, words=trouble.words)
        case troubles.Kind.CLOCK:
            return _(
                "Since {since} this server\u2019s clock has been in doubt. No year is closed and "
                "nothing is erased until it is right, or until you confirm it."
            ).format(since=since)
        case troubles.Kind.HELD:
            held = int(trouble.words)
            return ngettext(
                "{count} finished board could not be delivered.",
                "{count} finished boards could not be delivered.",
                held,
            ).format(count=number(held))
        case troubles.Kind.OVERDUE:
            moment = _moment(datetime.fromisoformat(trouble.words), zone)
            return _("A mail has been due since {moment} and does not go out.").format(
                moment=moment
            )
        case troubles.Kind.BACKUP:
            day = day_and_month(datetime.fromisoformat(trouble.words).date())
            return _("No backup has been made since {day}.").format(day=day)


def _words(
    session: Session, envelope: Envelope, person: Person, found: tuple[Trouble, ...]
) -> Words:
    paragraphs = [said(trouble, person.zone) for trouble in found]
    waiting, held = troubles.waiting_mails(session), troubles.held_boards(session)
    paragraphs.append(
        _("Mails that wait now: {waiting}. Boards that could not be delivered: {held}.").format(
            waiting=number(waiting), held=number(held)
        )
    )
    return Words(
        subject=_("Your Moodtracker server had a problem"),
        heading=_("What was wrong"),
        paragraphs=tuple(paragraphs),
        link=(_("Open administration"), f"{envelope.base_url}/admin"),
        small_print=_(
            "You get this because you administer this server. Each problem is told once."
        ),
    )


def _moment(moment: datetime, zone: str) -> str:
    return day_and_time(moment.astimezone(days.zone_of(zone)))
