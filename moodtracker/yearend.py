"""Closing a year: seal it, let the outbox mail it, erase it (Y1, Y2, Y5)."""

import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from threading import Event
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, not_, or_, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, days, erasing, ledger, sealed
from moodtracker.accounts.people import Person, locking, person_from, readable, select_person
from moodtracker.clock_watch import ClockWatch, Doubt
from moodtracker.closed_years import ERASED, Closing
from moodtracker.database import Database
from moodtracker.database_trouble import told
from moodtracker.diary import read_year
from moodtracker.erasing import CANNOT_BE_MAILED
from moodtracker.live import tell
from moodtracker.mail.breaker import Breaker, Trouble
from moodtracker.mail.lanes import wanted_state
from moodtracker.mail.outbox import Outbox
from moodtracker.mail.smtp import ascii_address
from moodtracker.models import (
    EntryRow,
    MessageRow,
    SealedYearRow,
    UserRow,
    entries,
    messages,
    sealed_years,
    users,
)

log = logging.getLogger(__name__)

# The year begins first at UTC+14, in Kiritimati.
_EARLIEST_ZONE = timedelta(hours=14)


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
    messages: int = 0
    message_reason: str | None = None  # why the oldest of them that has failed waits
    next_close_at: datetime | None = None


class YearEnd:
    """Closes everybody's years; any number of these may run at once."""

    def __init__(
        self,
        database: Database,
        closing: Closing,
        watch: ClockWatch,
        outbox: Outbox | None,
    ) -> None:
        """Without an ``outbox`` (no mail server set) years are sealed, and wait."""
        self._database = database
        self._closing = closing
        self._watch = watch
        self._outbox = outbox
        self._stopping = Event()
        self._round_at = clock.uptime()

    def tick(self) -> None:
        """Do all that is due: called every minute, and at every start to catch up.

        While the clock is in doubt nothing is sealed and nothing erased (Y9).
        """
        is_believed = self._watch.is_believed()
        if is_believed:
            self.seal_ended_years()
            self.follow_wishes()
            self.follow_mail_server()
        if self._outbox is not None:
            self._outbox.deliver_due()
        if is_believed:
            self.erase_due()
        self._round_at = clock.uptime()

    def has_done_a_round_within(self, time: timedelta) -> bool:
        """Whether a tick came to its end of late, or this process has just begun."""
        return clock.uptime() - self._round_at <= time.total_seconds()

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
                log.error("a year could not be sealed (%s)", told(error))  # noqa: TRY400

    def follow_wishes(self) -> None:
        """Let what is not mailed yet stand where its person wants it now (Y4).

        An address that was given or verified late, and consent that was given late, send the
        board; a change of address sends one that the old address refused.
        """
        not_mailed = sealed_years.state.in_(("pending", *CANNOT_BE_MAILED))
        with self._database.read() as session:
            rows = readable(
                session,
                select_person()
                .add_columns(sealed_years.year, sealed_years.state, sealed_years.refused_email)
                .join(SealedYearRow, sealed_years.user_id == users.id)
                .where(not_mailed, sealed_years.moods.is_not(None), _differs_from_wishes()),
            )
        for row in rows:
            person = person_from(row)
            wanted = wanted_state(person, has_moods=True)
            if row.state == "held" and _is_refused(person, row.refused_email):
                continue
            with self._database.write() as session:
                session.execute(
                    update(SealedYearRow)
                    .where(
                        sealed_years.user_id == person.id,
                        sealed_years.year == row.year,
                        sealed_years.state == row.state,
                    )
                    .values(
                        state=wanted,
                        next_try_at=sealed_years.due_at,
                        attempts=0,
                        stuck_since=clock.now() if wanted in CANNOT_BE_MAILED else None,
                    )
                )
                tell(session, person.id)

    def follow_mail_server(self) -> None:
        """Note since when what waits to be mailed has no mail server to wait for, if it has none.

        Otherwise one that is taken out of the settings would let years that were downloaded long
        ago be erased within the minute.
        """
        is_noted = sealed_years.stuck_since.is_not(None)
        is_wrong = is_noted if self._outbox else not_(is_noted)
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(sealed_years.state == "pending", is_wrong)
                .values(stuck_since=None if self._outbox else clock.now())
            )

    def erase_due(self) -> None:
        """Erase the moods of each year whose time has come (Y5, :mod:`moodtracker.erasing`)."""
        now = clock.now()
        with self._database.write() as session:
            erased = session.scalars(
                update(SealedYearRow)
                .where(
                    erasing.may_be_erased(
                        now,
                        self._closing.keep,
                        has_mail=self._outbox is not None,
                        hears_bounces=self._closing.hears_bounces,
                    )
                )
                .values(**ERASED, erased_at=now)
                .returning(sealed_years.user_id)
            ).all()
            for user_id in erased:
                tell(session, user_id)
        if erased:
            self._database.forget_deleted()
            log.info("%d closed year(s) erased", len(erased))

    def retry_held(self, by: int | None = None) -> None:
        """Try all that failed now, what is held too, for instance once an address was mended.

        ``by`` is the administrator who asks, None the operator. Raises
        :class:`~moodtracker.accounts.administrators.NotAnAdministrator`.
        """
        if self._outbox is not None:
            self._outbox.try_now(by)

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
                session.scalar(select(func.count()).select_from(MessageRow)) or 0,
                session.scalar(
                    select(messages.last_error)
                    .where(messages.last_error.is_not(None))
                    .order_by(messages.created_at)
                    .limit(1)
                ),
                self._next_close_at(session),
            )

    def _next_close_at(self, session: Session) -> datetime | None:
        """When the next year of anybody's ends; by zones, of which there are few."""
        rows = session.execute(
            select(users.open_year, users.zone, users.day_end_hour, users.year_open_until)
            .where(users.open_year.between(MINYEAR, MAXYEAR - 1))  # no damaged one
            .distinct()
        )
        ends = []
        for row in rows:
            if row.zone in days.zone_names():
                end = days.ends_at(date(row.open_year, 12, 31), row.zone, row.day_end_hour)
                ends.append(max(end, row.year_open_until or end))
        return min(ends, default=None)

    def _with_an_older_year(self) -> Sequence[Row[Any]]:
        """Everybody who has entries of a year that has ended somewhere on earth."""
        latest_year = (clock.now() + _EARLIEST_ZONE).year
        with self._database.read() as session:
            return readable(session, select_person().where(users.open_year < latest_year))

    def _seal_all(self, person_id: int) -> None:
        while self._seal(person_id):
            log.info("a year was sealed")

    def _seal(self, person_id: int) -> bool:
        """Seal the person's oldest open year if it has ended; whether there was one."""
        with self._database.write() as session:
            row = session.execute(locking(select_person().where(users.id == person_id))).first()
            if row is None or row.open_year is None:
                return False
            person, year = person_from(row), row.open_year
            if person.today.year <= year or not _may_be_over(person, year):
                return False
            self._write_down(session, person, year)
            of_the_year = entries.day.between(date(year, 1, 1), date(year, 12, 31))
            session.execute(delete(EntryRow).where(entries.user_id == person_id, of_the_year))
            ledger.forget_days_over(session, person_id, person.today)
            first_left = session.scalar(
                select(func.min(entries.day)).where(
                    entries.user_id == person_id, entries.day > date(year, 12, 31)
                )
            )
            session.execute(
                update(UserRow)
                .where(users.id == person_id)
                .values(
                    open_year=first_left.year if first_left else None,
                    latest_day=person.today,  # a move west cannot go back behind the close (D4, Y7)
                )
            )
            tell(session, person_id)
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
                notes=sum(bool(entry.note) for entry in kept),
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
        at = datetime.combine(new_year, self._closing.mail_at, days.zone_of(person.zone))
        ended_at = days.begins_at(new_year, person.zone, person.day_end_hour)
        return max(at.astimezone(UTC), ended_at, person.year_open_until or ended_at)


def _may_be_over(person: Person, year: int) -> bool:
    """Whether a year has surely ended where a zone is not known: it has everywhere on earth."""
    return days.is_known(person.zone) or person.moment >= datetime(year + 1, 1, 2, tzinfo=UTC)


def _differs_from_wishes() -> ColumnElement[bool]:
    """Whether a year may stand elsewhere than its person wants it, as far as a database can say."""
    may_be_mailed = and_(users.year_end_mail, users.email_verified_at.is_not(None))
    return or_(
        sealed_years.state == "held",
        and_(sealed_years.state == "pending", not_(may_be_mailed)),
        and_(sealed_years.state != "pending", may_be_mailed),
    )


def _is_refused(person: Person, refused: str | None) -> bool:
    """Whether the person still has the address that a mail server has refused, and no other."""
    if person.mail_address is None or refused is None:  # it could not even be made
        return True
    return ascii_address(person.mail_address) == refused
