"""Closing a year: seal it, let the outbox mail it, erase it (Y1, Y2, Y5)."""

import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from moodtracker import clock, days, sealed
from moodtracker.accounts.people import Person, person_from, select_person
from moodtracker.clock_watch import ClockWatch, Doubt
from moodtracker.closed_years import CANNOT_BE_MAILED, ERASED, Closing
from moodtracker.database import Database
from moodtracker.database_trouble import told
from moodtracker.diary import read_year
from moodtracker.live import Live
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
    sealed_years,
    users,
)

log = logging.getLogger(__name__)

# How long a year that cannot be mailed is there to be seen, before a newer one takes its place.
_TO_BE_SEEN = timedelta(days=30)
_NEXT_YEAR = timedelta(days=366)
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
    next_close_at: datetime | None = None


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
        self._round_at = clock.uptime()

    def tick(self) -> None:
        """Do all that is due: called every minute, and at every start to catch up.

        While the clock is in doubt nothing is sealed and nothing erased (Y9).
        """
        is_believed = self._watch.is_believed()
        if is_believed:
            self.seal_ended_years()
            self.follow_wishes()
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
            rows = session.execute(
                select_person()
                .add_columns(sealed_years.year, sealed_years.state, sealed_years.refused_email)
                .join(SealedYearRow, sealed_years.user_id == users.id)
                .where(not_mailed, sealed_years.moods.is_not(None), _differs_from_wishes())
            ).all()
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
                    .values(state=wanted, next_try_at=sealed_years.due_at, attempts=0)
                )
            self._live.tell(person.id)

    def erase_due(self) -> None:
        """Erase the moods of each year whose time has come (Y5).

        That is a while after its mail was taken, but where nobody hears of bounces not before its
        person was here (Y5b); where it cannot be mailed, a while after it was
        downloaded, or once the next year has closed and the person had a month to see it.
        """
        now = clock.now()
        keep = self._closing.keep
        cannot = CANNOT_BE_MAILED if self._outbox else ("pending", *CANNOT_BE_MAILED)
        is_stuck = sealed_years.state.in_(cannot)
        newer = aliased(SealedYearRow)
        has_newer = exists().where(
            col(newer.user_id) == sealed_years.user_id, col(newer.year) > sealed_years.year
        )
        with self._database.write() as session:
            erased = session.scalars(
                update(SealedYearRow)
                .where(
                    sealed_years.moods.is_not(None),
                    or_(
                        and_(
                            sealed_years.state == "sent",
                            sealed_years.sent_at <= now - keep,
                            self._has_arrived(now),
                        ),
                        and_(
                            is_stuck,
                            sealed_years.downloaded_at <= now - self._closing.keep_after_download,
                        ),
                        and_(is_stuck, sealed_years.sealed_at <= now - _TO_BE_SEEN, has_newer),
                    ),
                )
                .values(**ERASED, erased_at=now)
                .returning(sealed_years.user_id)
            ).all()
        if erased:
            self._database.forget_deleted()
            log.info("%d closed year(s) erased", len(erased))
        for user_id in erased:
            self._live.tell(user_id)

    def _has_arrived(self, now: datetime) -> ColumnElement[bool]:
        """Whether a year whose mail was taken can be taken for delivered (Y5b).

        Where bounces are heard of, it is once the days are over in which they come. Where they are
        not, its person has been here since, and has seen that it was mailed; or the next year is
        over as well, as for a year that could not be mailed.
        """
        if self._closing.hears_bounces:
            return true()
        was_here = exists().where(
            users.id == sealed_years.user_id,
            users.visited_at > sealed_years.sent_at,
            users.visited_at <= now,
        )
        return or_(was_here, sealed_years.sealed_at <= now - _NEXT_YEAR - _TO_BE_SEEN)

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
                session.scalar(select(func.count()).select_from(MessageRow)) or 0,
                self._next_close_at(session),
            )

    def _next_close_at(self, session: Session) -> datetime | None:
        """When the next year of anybody's ends; by zones, of which there are few."""
        rows = session.execute(
            select(users.open_year, users.zone, users.day_end_hour, users.year_open_until)
            .where(users.open_year.is_not(None))
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
            return session.execute(select_person().where(users.open_year < latest_year)).all()

    def _seal_all(self, person_id: int) -> None:
        while self._seal(person_id):
            self._live.tell(person_id)
            log.info("a year was sealed")

    def _seal(self, person_id: int) -> bool:
        """Seal the person's oldest open year if it has ended; whether there was one."""
        with self._database.write() as session:
            row = session.execute(
                select_person().where(users.id == person_id).with_for_update()
            ).first()
            if row is None or row.open_year is None:
                return False
            person, year = person_from(row), row.open_year
            if person.today.year <= year:
                return False
            self._write_down(session, person, year)
            of_the_year = entries.day.between(date(year, 1, 1), date(year, 12, 31))
            session.execute(delete(EntryRow).where(entries.user_id == person_id, of_the_year))
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
        ended_at = days.begins_at(new_year, person.zone, person.day_end_hour)
        return max(at.astimezone(UTC), ended_at, person.year_open_until or ended_at)


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
    return person.mail_address is None or ascii_address(person.mail_address) == refused
