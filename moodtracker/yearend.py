"""Closing a year: seal it, let the outbox mail it, erase it (Y1, Y2, Y5)."""

import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, days, sealed
from moodtracker.accounts.people import Person, person_from, select_person
from moodtracker.board import Board
from moodtracker.clock_watch import ClockWatch, Doubt
from moodtracker.database import Database
from moodtracker.diary import read_year
from moodtracker.live import Live
from moodtracker.mail.breaker import Breaker, Trouble
from moodtracker.mail.lanes import wanted_state
from moodtracker.mail.outbox import Outbox
from moodtracker.models import EntryRow, SealedYearRow, UserRow, entries, sealed_years, users

log = logging.getLogger(__name__)

# The year begins first at UTC+14, in Kiritimati.
_EARLIEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Closing:
    """How years are closed here: when the mail is due, how long a sealed year is kept after it.

    ``mail_at`` is local time on 1 January; ``mail_domain`` ends the Message-IDs.
    """

    mail_at: time
    keep: timedelta
    mail_domain: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The oldest mail that has not got through, and why."""

    username: str
    year: int
    due_at: datetime
    attempts: int
    reason: str


@dataclass(frozen=True)
class Status:
    """Where the closed years stand: how many in each state, what comes next, what is stuck."""

    states: Counter[str] = field(default_factory=Counter)
    erased: int = 0
    next_try_at: datetime | None = None
    failure: Failure | None = None
    trouble: Trouble | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class ClosedYear:
    """A sealed year that is still here: what became of its mail, and when it is erased."""

    year: int
    state: str
    erased_from: datetime | None


class YearEnd:
    """Closes everybody's years; any number of these may run at once."""

    def __init__(
        self,
        database: Database,
        live: Live,
        closing: Closing,
        watch: ClockWatch,
        outbox: Outbox | None,
    ) -> None:
        """Without an ``outbox`` (no mail server set) years are sealed, and wait."""
        self._database = database
        self._live = live
        self._closing = closing
        self._watch = watch
        self._outbox = outbox
        self._stopping = Event()

    def tick(self) -> None:
        """Do all that is due: called every minute, and at every start to catch up.

        While the clock is in doubt nothing is sealed and nothing erased (Y9).
        """
        is_believed = self._watch.is_believed()
        if is_believed:
            self.seal_ended_years()
        if self._outbox is not None:
            self._outbox.deliver_due()
        if is_believed:
            self.erase_delivered()

    def stop(self) -> None:
        """End a tick that is under way after the person, or the mail, that it is at."""
        self._stopping.set()
        if self._outbox is not None:
            self._outbox.stop()

    def seal_ended_years(self) -> None:
        """Seal the year of each person for whom it has ended (Y1)."""
        for row in self._with_an_older_year():
            if self._stopping.is_set():
                return
            try:
                if person_from(row).today.year > row.open_year:
                    self._seal_all(row.id)
            except Exception as error:
                # One person's trouble must not keep the others' years open.
                log.error("a year could not be sealed (%s)", type(error).__name__)  # noqa: TRY400

    def erase_delivered(self) -> None:
        """Erase the moods of each year whose mail was taken long enough ago (Y5)."""
        now = clock.now()
        with self._database.write() as session:
            erased = session.scalars(
                update(SealedYearRow)
                .where(
                    sealed_years.state == "sent",
                    sealed_years.sent_at <= now - self._closing.keep,
                    sealed_years.erased_at.is_(None),
                )
                .values(moods=None, erased_at=now)
                .returning(sealed_years.user_id)
            ).all()
        if erased:
            self._database.forget_deleted()
            log.info("%d delivered year(s) erased", len(erased))

    def retry_held(self) -> None:
        """Put what is held back into the queue, for instance once an address was mended."""
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(sealed_years.state == "held")
                .values(state="pending", next_try_at=clock.now())
            )

    def status(self) -> Status:
        """Where everybody's closed years stand."""
        waiting = sealed_years.state.in_(("pending", "sending", "held"))
        with self._database.read() as session:
            states = session.execute(
                select(sealed_years.state, func.count().label("people"))
                .where(sealed_years.erased_at.is_(None))
                .group_by(sealed_years.state)
            )
            erased = session.scalar(select(func.count()).where(sealed_years.erased_at.is_not(None)))
            next_try_at = session.scalar(
                select(func.min(sealed_years.next_try_at)).where(sealed_years.state == "pending")
            )
            failed = session.execute(
                select(
                    users.username,
                    sealed_years.year,
                    sealed_years.due_at,
                    sealed_years.attempts,
                    sealed_years.last_error,
                )
                .join(UserRow, users.id == sealed_years.user_id)
                .where(waiting, sealed_years.last_error.is_not(None))
                .order_by(sealed_years.due_at, sealed_years.user_id)
            ).first()
            return Status(
                Counter({row.state: row.people for row in states}),
                erased or 0,
                next_try_at,
                Failure(*failed) if failed else None,
                Breaker(self._database).trouble(),
                self._watch.doubt(),
            )

    def closed_year(self, person: Person) -> ClosedYear | None:
        """The person's last closed year, while the server still has it (Y5)."""
        with self._database.read() as session:
            row = session.execute(
                select(sealed_years.year, sealed_years.state, sealed_years.sent_at)
                .where(sealed_years.user_id == person.id, sealed_years.moods.is_not(None))
                .order_by(sealed_years.year.desc())
            ).first()
        if row is None:
            return None
        erased_from = row.sent_at + self._closing.keep if row.sent_at else None
        return ClosedYear(row.year, row.state, erased_from)

    def closed_board(self, person: Person, year: int) -> Board | None:
        """The board of a closed year, while the server still has it."""
        with self._database.read() as session:
            row = session.execute(
                select(sealed_years.zone, sealed_years.moods).where(
                    sealed_years.user_id == person.id, sealed_years.year == year
                )
            ).first()
        return sealed.unpack(year, row.zone, row.moods) if row and row.moods else None

    def _with_an_older_year(self) -> Sequence[Row[Any]]:
        """Everybody who has entries of a year that has ended somewhere on earth."""
        latest_year = (clock.now() + _EARLIEST_ZONE).year
        with self._database.read() as session:
            return session.execute(
                select_person().add_columns(users.open_year).where(users.open_year < latest_year)
            ).all()

    def _seal_all(self, person_id: int) -> None:
        while self._seal(person_id):
            self._live.tell(person_id)
            log.info("a year was sealed")

    def _seal(self, person_id: int) -> bool:
        """Seal the person's oldest open year if it has ended; whether there was one."""
        with self._database.write() as session:
            row = session.execute(
                select_person()
                .add_columns(users.open_year)
                .where(users.id == person_id)
                .with_for_update()
            ).first()
            if row is None or row.open_year is None:
                return False
            person, year = person_from(row), row.open_year
            if person.today.year <= year:
                return False
            self._write_down(session, person, year)
            year_before = entries.day <= date(year, 12, 31)
            session.execute(delete(EntryRow).where(entries.user_id == person_id, year_before))
            first_left = session.scalar(
                select(func.min(entries.day)).where(entries.user_id == person_id)
            )
            session.execute(
                update(UserRow)
                .where(users.id == person_id)
                .values(
                    open_year=first_left.year if first_left else None,
                    latest_day=person.today,  # a move west cannot go back behind the close (D4, Y7)
                )
            )
        return True

    def _write_down(self, session: Session, person: Person, year: int) -> None:
        kept = read_year(session, person.id, year)
        due_at = self._due_at(person, year)
        session.add(
            SealedYearRow(
                user_id=person.id,
                year=year,
                zone=person.zone,
                moods=sealed.pack(kept) if kept else None,
                state=wanted_state(person, has_moods=bool(kept)),
                sealed_at=clock.now(),
                due_at=due_at,
                next_try_at=due_at,
                message_id=f"<year-{year}.{secrets.token_hex(16)}@{self._closing.mail_domain}>",
            )
        )
        session.flush()

    def _due_at(self, person: Person, year: int) -> datetime:
        """When the mail is due: at the set time of 1 January, not before the year has ended."""
        new_year = date(year + 1, 1, 1)
        at = datetime.combine(new_year, self._closing.mail_at, ZoneInfo(person.zone))
        return max(at.astimezone(UTC), days.begins_at(new_year, person.zone, person.day_end_hour))
