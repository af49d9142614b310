"""A person's closed years, for as long as the server still has them (Y5)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, erasing, sealed
from moodtracker.accounts import audit
from moodtracker.accounts.people import Person
from moodtracker.board import Board
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.models import SealedYearRow, sealed_years


@dataclass(frozen=True, slots=True)
class Closing:
    """How years are closed here: when the mail is due, how long a sealed year is kept after it.

    ``mail_at`` is local time on 1 January; ``mail_domain`` ends the Message-IDs. Without
    ``has_mail`` there is no mail server, and years wait for their person to download them. Where
    nobody ``hears_bounces``, that a mail was taken does not say that it arrived (Y5b).
    """

    mail_at: time
    keep: timedelta
    mail_domain: str
    has_mail: bool = True
    hears_bounces: bool = True


@dataclass(frozen=True, slots=True)
class ClosedYear:
    """A sealed year that is still here: what became of its mail, and when it is erased.

    ``state`` is as in the database, but for 'no_server': it would be mailed if there were a mail
    server. ``erased_from`` is None while nobody can say: until it is delivered or downloaded, or
    the next year closes, and then it is here until the end of ``kept_until`` at the least.
    ``notes`` is how many it has, ``notes_only_here`` how many of them are neither mailed, nor about
    to be, nor downloaded. ``reason`` is what a mail server said last.
    """

    year: int
    state: str
    due_at: datetime
    erased_from: datetime | None
    kept_until: date
    is_downloaded: bool
    notes: int
    notes_only_here: int
    reason: str | None
    older: "ClosedYear | None"  # after a machine was off for long


# Every board page asks for it, so it is made once.
_STILL_HERE = (
    select(*sealed_years)
    .where(sealed_years.user_id == bindparam("user_id"), sealed_years.moods.is_not(None))
    .order_by(sealed_years.year)
)


class ClosedYears:
    """What a person sees of their closed years, and does with them."""

    def __init__(self, database: Database, closing: Closing) -> None:
        """Keep years as ``closing`` says."""
        self._database = database
        self._closing = closing

    def of(self, person: Person) -> ClosedYear | None:
        """The year that the person closed last, while the server still has it."""
        with self._database.read() as session:
            return self.in_session(session, person)

    def in_session(self, session: Session, person: Person) -> ClosedYear | None:
        """The same as a part of something greater."""
        rows = session.execute(_STILL_HERE, {"user_id": person.id}).all()
        closed: ClosedYear | None = None
        for row in rows:
            closed = self._closed_year(row, person, closed)
        return closed

    def _closed_year(self, row: Row[Any], person: Person, older: ClosedYear | None) -> ClosedYear:
        closing = self._closing
        has_server = closing.has_mail or row.state != "pending"
        return ClosedYear(
            row.year,
            row.state if has_server else "no_server",
            row.due_at,
            erasing.erased_from(row, closing.keep, has_mail=closing.has_mail),
            erasing.kept_until(row, clock.now(), person.zone),
            row.downloaded_at is not None,
            row.notes,
            _notes_only_here(row, person, has_server=has_server),
            row.last_error,
            older,
        )

    def board(self, person: Person, year: int) -> Board | None:
        """The board of a closed year, while the server still has it."""
        with self._database.read() as session:
            row = session.execute(
                select(sealed_years.zone, sealed_years.moods).where(*_is(person, year))
            ).first()
        return sealed.unpack(year, row.zone, row.moods) if row and row.moods else None

    def note_download(self, person: Person, year: int) -> None:
        """All of it has gone out whole, to its last byte (Y5a): it need not stay for ever."""
        now = clock.now()
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(*_is(person, year), sealed_years.moods.is_not(None))
                .values(downloaded_at=func.coalesce(sealed_years.downloaded_at, now))
            )
            tell(session, person.id)

    def try_again(self, person: Person, year: int) -> None:
        """Mail a year that is held once more, as soon as may be."""
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(*_is(person, year), sealed_years.state == "held")
                .values(state="pending", next_try_at=clock.now(), attempts=0)
            )
            tell(session, person.id)

    def erase(self, person: Person, year: int, address: str = "") -> None:
        """Erase a closed year now, because its person says so; what was not mailed never will be.

        A mail that is on its way at this moment still arrives. ``address`` is where this came from,
        for the audit log.
        """
        with self._database.write() as session:
            erased = session.execute(
                update(SealedYearRow)
                .where(*_is(person, year), sealed_years.moods.is_not(None))
                .values(**ERASED, erased_at=clock.now())
                .returning(sealed_years.year)
            ).first()
            if erased is None:
                return
            audit.note(session, person.id, audit.Event.ERASED, str(year), address)
            session.execute(
                update(SealedYearRow)
                .where(*_is(person, year), sealed_years.state != "sent")
                .values(state="empty", lease_owner=None, lease_until=None)
            )
            tell(session, person.id)
        self._database.forget_deleted()


# What is left out of an erased year's row.
ERASED = {"moods": None, "notes": 0, "last_error": None, "refused_email": None, "sent_to": None}


def _notes_only_here(row: Row[Any], person: Person, *, has_server: bool) -> int:
    is_mailed = row.state == "sent" and row.notes_mailed
    is_to_be = row.state in ("pending", "sending") and has_server and person.notes_in_mail
    notes: int = row.notes
    return 0 if row.downloaded_at or is_mailed or is_to_be else notes


def _is(person: Person, year: int) -> tuple[ColumnElement[bool], ...]:
    return sealed_years.user_id == person.id, sealed_years.year == year
