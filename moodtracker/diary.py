"""The diary: record a mood, change it, take it back; read a year (D1 to D5)."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

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

from moodtracker import days, ledger, notes
from moodtracker.accounts.people import Person
from moodtracker.accounts.sessions import SignedIn, lock_person, nothing_more, still_signed_in
from moodtracker.board import Board, Entry
from moodtracker.database import Database, repeated
from moodtracker.live import tell
from moodtracker.models import EntryRow, UserRow, entries, users
from moodtracker.moods import Mood
from moodtracker.notes import NoteTooLong
from moodtracker.tally import Pick, Tally, days_of

log = logging.getLogger(__name__)

Found = TypeVar("Found")

# No page shows a day further ahead than a wrong clock or a move makes it: it is made by hand.
_FURTHEST_AHEAD = timedelta(days=2)

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
_ANNOTATE = update(_ROWS).where(*_HERE).values(note=bindparam("note"))
_TAKE_BACK = delete(_ROWS).where(*_HERE)


class DayLocked(Exception):  # noqa: N818 - these are answers to a person, not faults
    """The day is not today: it is past and locked, or has not come yet (D2, D3)."""


class DayFull(Exception):  # noqa: N818
    """Both moods of the day are used (D1)."""


class EntryGone(Exception):  # noqa: N818
    """The entry that was to be changed or taken back is not there (any more)."""


# What an act is refused with, by the name under which the ledger keeps it. Each is raised before
# the act has changed anything.
_REFUSALS: dict[str, type[Exception]] = {
    "day_full": DayFull,
    "day_locked": DayLocked,
    "entry_gone": EntryGone,
    "note_too_long": NoteTooLong,
}


@dataclass(frozen=True, slots=True)
class Act:
    """One change to the entries of a person's day, ``tap`` by name.

    ``change`` is called while the person is locked, and raises one of the refusals above.
    """

    tap: str
    change: Callable[[Session, Person, date], None]


class Diary:
    """Everybody's diary.

    Each writing function takes the ``day`` that the page showed and the ``tap`` that names this
    one act. All is decided under a lock on the person, so that tabs, devices and processes take
    turns; what is returned from is committed, and a database that stumbles is asked again: an act
    that comes twice is answered as it was the first time, and changes nothing
    (:mod:`~moodtracker.ledger`). They raise :class:`DayLocked`,
    :class:`~moodtracker.ledger.TooManyActs`, and as reading does
    :class:`~moodtracker.accounts.sessions.SessionEnded`.
    """

    def __init__(self, database: Database) -> None:
        """Write to ``database``."""
        self._database = database

    @repeated
    def read(self, who: SignedIn) -> Board:
        """The person's current year (D7)."""
        with self._database.read() as session:
            return current_year(session, still_signed_in(session, who))

    def record(self, who: SignedIn, day: date, mood: Mood, tap: str) -> None:
        """Put a mood into the day's first free slot.

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

        Raises :class:`EntryGone`, and :class:`~moodtracker.notes.NoteTooLong`.
        """
        self.carry_out(who, day, annotating(was, text, tap), nothing_more)

    def take_back(self, who: SignedIn, day: date, was: str, tap: str) -> None:
        """Remove the entry that the tap ``was`` left there; once it is gone, nothing happens."""
        self.carry_out(who, day, taking_back(was, tap), nothing_more)

    def carry_out(
        self, who: SignedIn, day: date, act: Act, read: Callable[[Session, Person], Found]
    ) -> Found:
        """Do one of the four above; return what ``read`` finds of it in the same transaction."""

        def attempt() -> tuple[Found] | type[Exception]:
            with self._database.write() as session:
                person = lock_person(session, who)
                outcome = _once(session, person, day, act)
                return _REFUSALS.get(outcome) or (read(session, person),)

        found = self._database.repeat(attempt)
        if not isinstance(found, tuple):
            raise found  # now that it is committed: what a person was told must stay so
        return found[0]

    def read_day(self, who: SignedIn, day: date) -> Board:
        """The person's current year with the entries of one of its days alone."""
        with self._database.read() as session:
            person = still_signed_in(session, who)
            today = person.today
            kept = _entries(session, person.id, day) if day.year == today.year else ()
        return Board(today.year, person.zone, kept, today)


def recording(mood: Mood, tap: str) -> Act:
    """What :meth:`Diary.record` does."""

    def record(session: Session, person: Person, day: date) -> None:
        used = {entry.slot for entry in _entries(session, person.id, day)}
        free = [slot for slot in _slots_for(person) if slot not in used]
        if not free:
            raise DayFull
        row = {"user_id": person.id, "day": day, "slot": free[0]}
        session.execute(_INSERT, row | {"mood": mood, "recorded_at": person.moment, "tap": tap})
        _remember_day(session, person, day)

    return Act(tap, record)


def changing(was: str, mood: Mood, tap: str) -> Act:
    """What :meth:`Diary.change` does."""

    def change(session: Session, person: Person, day: date) -> None:
        here = _place_of(session, person, day, was)
        session.execute(_CHANGE, here | {"mood": mood, "tap": tap})

    return Act(tap, change)


def annotating(was: str, text: str, tap: str) -> Act:
    """What :meth:`Diary.annotate` does; raises :class:`~moodtracker.notes.NoteTooLong`."""

    def annotate(session: Session, person: Person, day: date) -> None:
        note = notes.clean(text)
        session.execute(_ANNOTATE, _place_of(session, person, day, was) | {"note": note})
        if note and person.noted_year != day.year:
            session.execute(
                update(UserRow).where(users.id == person.id).values(noted_year=day.year)
            )

    return Act(tap, annotate)


def taking_back(was: str, tap: str) -> Act:
    """What :meth:`Diary.take_back` does."""

    def take_back(session: Session, person: Person, day: date) -> None:
        with suppress(EntryGone):
            session.execute(_TAKE_BACK, _place_of(session, person, day, was))

    return Act(tap, take_back)


def _once(session: Session, person: Person, day: date, act: Act) -> str:
    """What the act comes to, or came to when it was sent first.

    A tap for another day than today has its line as well: a clock that is set, or a move, may make
    that day today while the tap is still on its way. It stands until that day is over.
    """
    today = person.today
    if day > today + _FURTHEST_AHEAD:
        return "day_locked"
    kept_under = max(day, today)
    known = ledger.look_up(session, person.id, today, kept_under, act.tap)
    if known.outcome is not None:
        return known.outcome
    if known.is_full:
        raise ledger.TooManyActs
    if known.has_old:
        ledger.forget_days_over(session, person.id, today)
    outcome = "day_locked" if day != today else _carried_out(session, person, day, act)
    ledger.write(session, person.id, kept_under, act.tap, outcome)
    return outcome


def _carried_out(session: Session, person: Person, day: date, act: Act) -> str:
    try:
        act.change(session, person, day)
    except tuple(_REFUSALS.values()) as refusal:
        return next(name for name, kind in _REFUSALS.items() if type(refusal) is kind)
    tell(session, person.id)
    return ledger.DONE


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
    known = days_of(today.year)
    if not known.issuperset([day for day, _, _ in picks]):  # a day that is damaged hides no other
        picks = [pick for pick in picks if pick[0] in known]
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
    if rows and isinstance(rows[0][0], str):
        try:
            return _of_sqlite(rows)
        except (TypeError, ValueError, LookupError):  # one that is damaged hides no other
            return tuple(entry for row in rows for entry in _if_readable(row))
    return tuple(
        [
            _entry((day, slot, _MOODS[mood], at.astimezone(UTC), tap, note))
            for day, slot, mood, at, tap, note in rows
        ]
    )


def _of_sqlite(rows: Sequence[Any]) -> tuple[Entry, ...]:
    """SQLite keeps text, and UTC without saying so."""
    a_day, a_moment = date.fromisoformat, datetime.fromisoformat
    return tuple(
        [
            _entry((a_day(day), slot, _MOODS[mood], a_moment(at + "+00:00"), tap, note))
            for day, slot, mood, at, tap, note in rows
        ]
    )


def _if_readable(row: Any) -> tuple[Entry, ...]:
    try:
        return _of_sqlite([row])
    except (TypeError, ValueError, LookupError):
        log.error("a damaged mood is passed over")  # noqa: TRY400 - what it says is private
        return ()


def _slots_for(person: Person) -> tuple[int, ...]:
    """The slots in the order in which they are filled at the person's moment."""
    if person.slot_labels and days.is_evening(person.moment, person.zone, person.day_end_hour):
        return SLOTS[::-1]
    return SLOTS


def _place_of(session: Session, person: Person, day: date, tap: str) -> dict[str, object]:
    """What :data:`_HERE` asks for, of the entry that ``tap`` left; raises :class:`EntryGone`."""
    for entry in _entries(session, person.id, day):
        if entry.tap == tap:
            return {"user": person.id, "on": day, "in_slot": entry.slot}
    raise EntryGone


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
