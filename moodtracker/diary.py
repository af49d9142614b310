"""The diary: record a mood, change it, take it back; read a year (D1 to D5)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar, cast

from sqlalchemy import (
    CursorResult,
    String,
    Table,
    bindparam,
    case,
    delete,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from moodtracker import clock, days, notes
from moodtracker.accounts.people import Person
from moodtracker.accounts.sessions import SignedIn, lock_person, nothing_more, still_signed_in
from moodtracker.board import Board, Entry
from moodtracker.database import Database, repeated
from moodtracker.live import Live
from moodtracker.models import EntryRow, UserRow, entries, users
from moodtracker.moods import Mood
from moodtracker.tally import Pick, Tally

Found = TypeVar("Found")
# A change to the entries of a person's day, made while they are locked.
Act = Callable[[Session, Person, date], None]

SLOTS = (1, 2)
_MOODS = (None, *Mood)  # by score
_entry = partial(tuple.__new__, Entry)  # Entry._make, without a call in between
# A year is read for each page: the statement is made once, and what SQLAlchemy and SQLModel would
# do to each of its days and moments by a chain of calls is done in :func:`_read`.
_BETWEEN = (
    select(
        type_coerce(entries.day, String),
        entries.slot,
        entries.mood,
        type_coerce(entries.recorded_at, String),
        entries.tap,
        entries.note,
    )
    .where(
        entries.user_id == bindparam("user_id"),
        entries.day >= bindparam("first"),
        entries.day <= bindparam("last"),
    )
    .order_by(entries.day, entries.slot)
)

_BEFORE = (
    select(type_coerce(entries.day, String), entries.mood, type_coerce(entries.recorded_at, String))
    .where(
        entries.user_id == bindparam("user_id"),
        entries.day >= bindparam("first"),
        entries.day < bindparam("today"),
    )
    .order_by(entries.day, entries.slot)
)


# Without what an object of each row would cost.
_ROWS: Table = EntryRow.__table__  # type: ignore[attr-defined]
_INSERT = insert(_ROWS)
_HERE = (
    entries.user_id == bindparam("user"),
    entries.day == bindparam("on"),
    entries.slot == bindparam("in_slot"),
)
_CHANGE = update(_ROWS).where(*_HERE).values(mood=bindparam("mood"), tap=bindparam("tap"))
_ANNOTATE = (
    update(_ROWS)
    .where(*_HERE, entries.note_tap != bindparam("note_tap"))
    .values(note=bindparam("note"), note_tap=bindparam("note_tap"))
)
_TAKE_BACK = delete(_ROWS).where(*_HERE)


class DayLocked(Exception):  # noqa: N818 - these are answers to a person, not faults
    """The day is not today: it is past and locked, or has not come yet (D2, D3)."""


class DayFull(Exception):  # noqa: N818
    """Both moods of the day are used (D1)."""


class EntryGone(Exception):  # noqa: N818
    """The entry that was to be changed or taken back is not there (any more)."""


class Diary:
    """Everybody's diary.

    Each writing function takes the ``day`` that the page showed and the ``tap`` that names this
    one act. All is decided under a lock on the person, so that tabs, devices and processes take
    turns; what is returned from is committed, and a database that stumbles is asked again: a tap
    that comes twice is one. They raise :class:`DayLocked`, and as reading does
    :class:`~moodtracker.accounts.sessions.SessionEnded`.
    """

    def __init__(self, database: Database, live: Live) -> None:
        """Write to ``database``, and tell ``live`` of each change."""
        self._database = database
        self._live = live

    @repeated
    def read(self, who: SignedIn) -> Board:
        """The person's current year (D7)."""
        with self._database.read() as session:
            return current_year(session, still_signed_in(session, who))

    def record(self, who: SignedIn, day: date, mood: Mood, tap: str) -> None:
        """Put a mood into the day's first free slot; the same tap again changes nothing (D5).

        Where slots are named, the evening's comes first in the evening. Raises :class:`DayFull`
        where both are used.
        """
        self.carry_out(who, day, recording(mood, tap), nothing_more)

    def change(self, who: SignedIn, day: date, was: str, mood: Mood, tap: str) -> None:
        """Put another mood in place of the entry that the tap ``was`` left there.

        Its moment and its note stay: the person corrects what they felt then. Raises
        :class:`EntryGone`.
        """
        self.carry_out(who, day, changing(was, mood, tap), nothing_more)

    def annotate(self, who: SignedIn, day: date, was: str, text: str, tap: str) -> None:
        """Write a note to the entry that the tap ``was`` left there, '' for none.

        The same tap again changes nothing, so that it cannot undo what came after it. Raises
        :class:`EntryGone`, and :class:`~moodtracker.notes.NoteTooLong`.
        """
        self.carry_out(who, day, annotating(was, text, tap), nothing_more)

    def take_back(self, who: SignedIn, day: date, was: str) -> None:
        """Remove the entry that the tap ``was`` left there; once it is gone, nothing happens."""
        self.carry_out(who, day, taking_back(was), nothing_more)

    def carry_out(
        self, who: SignedIn, day: date, act: Act, read: Callable[[Session, Person], Found]
    ) -> Found:
        """Do one of the four above; return what ``read`` finds of it in the same transaction."""

        def attempt() -> Found:
            with self._database.write() as session:
                person = _writing_on(session, who, day)
                act(session, person, day)
                return read(session, person)

        found = self._database.repeat(attempt)
        self._live.tell(who.person.id)
        return found

    def read_day(self, who: SignedIn, day: date) -> Board:
        """The person's current year with the entries of one of its days alone."""
        with self._database.read() as session:
            person = still_signed_in(session, who)
            today = person.today
            kept = _entries(session, person.id, day) if day.year == today.year else ()
        return Board(today.year, person.zone, kept, today)


def recording(mood: Mood, tap: str) -> Act:
    """What :meth:`Diary.record` does."""

    def act(session: Session, person: Person, day: date) -> None:
        present = _entries(session, person.id, day)
        if any(entry.tap == tap for entry in present):
            return
        now = clock.now()
        used = {entry.slot for entry in present}
        free = [slot for slot in _slots_at(now, person) if slot not in used]
        if not free:
            raise DayFull
        row = {"user_id": person.id, "day": day, "slot": free[0]}
        session.execute(_INSERT, row | {"mood": mood, "recorded_at": now, "tap": tap})
        _remember_day(session, person, day)

    return act


def changing(was: str, mood: Mood, tap: str) -> Act:
    """What :meth:`Diary.change` does."""

    def act(session: Session, person: Person, day: date) -> None:
        present = _entries(session, person.id, day)
        if all(entry.tap != tap for entry in present):
            here = _at(person.id, day, _slot_of(present, was))
            session.execute(_CHANGE, here | {"mood": mood, "tap": tap})

    return act


def annotating(was: str, text: str, tap: str) -> Act:
    """What :meth:`Diary.annotate` does; raises :class:`~moodtracker.notes.NoteTooLong`."""
    note = notes.clean(text)

    def act(session: Session, person: Person, day: date) -> None:
        here = _at(person.id, day, _slot_of(_entries(session, person.id, day), was))
        session.execute(_ANNOTATE, here | {"note": note, "note_tap": tap})
        if note and person.noted_year != day.year:
            session.execute(
                update(UserRow).where(users.id == person.id).values(noted_year=day.year)
            )

    return act


def taking_back(was: str) -> Act:
    """What :meth:`Diary.take_back` does."""

    def act(session: Session, person: Person, day: date) -> None:
        with suppress(EntryGone):
            slot = _slot_of(_entries(session, person.id, day), was)
            session.execute(_TAKE_BACK, _at(person.id, day, slot))

    return act


def current_year(session: Session, person: Person) -> Board:
    """The person's current year (D7), as a part of something greater."""
    today = person.today
    return Board(today.year, person.zone, read_year(session, person.id, today.year), today)


def on_today(session: Session, person: Person, today: date, before: Tally) -> Board:
    """The person's current year with the entries of today; ``before`` counts all other days."""
    return Board(today.year, person.zone, _entries(session, person.id, today), today, before)


def before_today(session: Session, person: Person, today: date) -> list[Pick]:
    """The moods of the person's current year that are locked, in order of day and slot."""
    which = {"user_id": person.id, "first": date(today.year, 1, 1), "today": today}
    found = cast("CursorResult[Pick]", session.execute(_BEFORE, which))
    # Plain tuples: SQLAlchemy's rows take as long to be made as SQLite takes to find theirs.
    picks: list[Pick] = found.cursor_strategy.fetchall(found, found.cursor)
    if picks and isinstance(picks[0][0], date):  # PostgreSQL
        return [
            (day.isoformat(), mood, at.astimezone(UTC).isoformat(" ")) for day, mood, at in picks
        ]
    return picks


def current_day(session: Session, person: Person, day: date) -> Board:
    """The person's current year with the entries of one of its days alone."""
    today = person.today
    kept = _entries(session, person.id, day) if day.year == today.year else ()
    return Board(today.year, person.zone, kept, today)


def read_year(session: Session, user_id: int, year: int) -> tuple[Entry, ...]:
    """A person's entries of one calendar year, in order of day and slot."""
    return _read(session, user_id, date(year, 1, 1), date(year, 12, 31))


def _entries(session: Session, user_id: int, day: date) -> tuple[Entry, ...]:
    return _read(session, user_id, day, day)


def _read(session: Session, user_id: int, first: date, last: date) -> tuple[Entry, ...]:
    rows = session.execute(_BETWEEN, {"user_id": user_id, "first": first, "last": last}).all()
    if rows and isinstance(rows[0][0], str):  # SQLite keeps text, and UTC without saying so
        a_day, a_moment = date.fromisoformat, datetime.fromisoformat
        return tuple(
            [
                _entry((a_day(day), slot, _MOODS[mood], a_moment(at + "+00:00"), tap, note))
                for day, slot, mood, at, tap, note in rows
            ]
        )
    return tuple(
        [
            _entry((day, slot, _MOODS[mood], at.astimezone(UTC), tap, note))
            for day, slot, mood, at, tap, note in rows
        ]
    )


def _writing_on(session: Session, who: SignedIn, day: date) -> Person:
    """The person, locked, if ``day`` is their today."""
    person = lock_person(session, who)
    if day != person.today:
        raise DayLocked
    return person


def _slots_at(now: datetime, person: Person) -> tuple[int, ...]:
    """The slots in the order in which they are filled."""
    if person.slot_labels and days.is_evening(now, person.zone, person.day_end_hour):
        return SLOTS[::-1]
    return SLOTS


def _slot_of(present: tuple[Entry, ...], tap: str) -> int:
    for entry in present:
        if entry.tap == tap:
            return entry.slot
    raise EntryGone


def _at(user_id: int, day: date, slot: int) -> dict[str, object]:
    """What :data:`_HERE` asks for."""
    return {"user": user_id, "on": day, "in_slot": slot}


def _remember_day(session: Session, person: Person, day: date) -> None:
    """Note that ``day`` was written (D4), and that its year is open until it is sealed (Y2)."""
    is_open = person.open_year is not None and person.open_year <= day.year
    if person.latest_day != day or not is_open:
        session.execute(
            update(UserRow)
            .where(users.id == person.id)
            .values(
                latest_day=day,
                # Not the first that was written: that may have been under a clock that was ahead.
                open_year=case((users.open_year < day.year, users.open_year), else_=day.year),
            )
        )
