"""A person's closed years, for as long as the server still has them (Y5)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, sealed
from moodtracker.accounts.people import Person
from moodtracker.board import Board
from moodtracker.database import Database
from moodtracker.live import Live
from moodtracker.models import SealedYearRow, sealed_years

# What is downloaded and cannot be mailed is kept so long at the least, in case the file is lost.
_SHORTEST_AFTER_DOWNLOAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Closing:
    """How years are closed here: when the mail is due, how long a sealed year is kept after it.

    ``mail_at`` is local time on 1 January; ``mail_domain`` ends the Message-IDs. Where nobody
    ``hears_bounces``, that a mail was taken does not say that it arrived (Y5b).
    """

    mail_at: time
    keep: timedelta
    mail_domain: str
    hears_bounces: bool = True

    @property
    def keep_after_download(self) -> timedelta:
        """How long a year that cannot be mailed is kept once it was downloaded."""
        return max(self.keep, _SHORTEST_AFTER_DOWNLOAD)


@dataclass(frozen=True, slots=True)
class ClosedYear:
    """A sealed year that is still here: what became of its mail, and when it is erased.

    ``erased_from`` is None while nobody can say: until it is delivered or downloaded, or the next
    year closes. ``reason`` is what a mail server said last.
    """

    year: int
    state: str
    due_at: datetime
    erased_from: datetime | None
    is_downloaded: bool
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

    def __init__(self, database: Database, live: Live, closing: Closing) -> None:
        """Tell ``live`` of each change."""
        self._database = database
        self._live = live
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
            closed = ClosedYear(
                row.year,
                row.state,
                row.due_at,
                self._erased_from(row.state, row.sent_at, row.downloaded_at),
                row.downloaded_at is not None,
                row.last_error,
                closed,
            )
        return closed

    def board(self, person: Person, year: int) -> Board | None:
        """The board of a closed year, while the server still has it."""
        with self._database.read() as session:
            row = session.execute(
                select(sealed_years.zone, sealed_years.moods).where(*_is(person, year))
            ).first()
        return sealed.unpack(year, row.zone, row.moods) if row and row.moods else None

    def note_download(self, person: Person, year: int) -> None:
        """The person has a copy: a year that cannot be mailed need not stay for ever."""
        now = clock.now()
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(*_is(person, year), sealed_years.moods.is_not(None))
                .values(downloaded_at=func.coalesce(sealed_years.downloaded_at, now))
            )
        self._live.tell(person.id)

    def try_again(self, person: Person, year: int) -> None:
        """Mail a year that is held once more, as soon as may be."""
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(*_is(person, year), sealed_years.state == "held")
                .values(state="pending", next_try_at=clock.now(), attempts=0)
            )
        self._live.tell(person.id)

    def erase(self, person: Person, year: int) -> None:
        """Erase a closed year now, because its person says so; what was not mailed never will be.

        A mail that is on its way at this moment still arrives.
        """
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(*_is(person, year))
                .values(**ERASED, erased_at=clock.now())
            )
            session.execute(
                update(SealedYearRow)
                .where(*_is(person, year), sealed_years.state != "sent")
                .values(state="empty", lease_owner=None, lease_until=None)
            )
        self._database.forget_deleted()
        self._live.tell(person.id)

    def _erased_from(
        self, state: str, sent_at: datetime | None, downloaded_at: datetime | None
    ) -> datetime | None:
        if state == "sent" and sent_at:
            return sent_at + self._closing.keep
        if state in CANNOT_BE_MAILED and downloaded_at:
            return downloaded_at + self._closing.keep_after_download
        return None


# What is left out of an erased year's row.
ERASED = {"moods": None, "last_error": None, "refused_email": None, "sent_to": None}
# States of a year that nobody tries to mail.
CANNOT_BE_MAILED = ("held", "no_address", "opted_out")


def _is(person: Person, year: int) -> tuple[ColumnElement[bool], ...]:
    return sealed_years.user_id == person.id, sealed_years.year == year
