"""A person, as the rest of the app sees one."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, case, select
from sqlalchemy.orm import Session

from moodtracker import clock, days
from moodtracker.accounts.folding import fold_address, named_by
from moodtracker.database import Database
from moodtracker.database_clock import present
from moodtracker.models import UserRow, installation, users

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    """What the app needs to know of a person at every turn; no password, no moods."""

    id: int
    username: str
    email: str | None
    email_verified_at: datetime | None
    first_name: str
    last_name: str
    zone: str
    day_end_hour: int
    latest_day: date | None
    open_year: int | None
    administrator: bool
    year_end_mail: bool
    language: str
    theme: str
    faces_in_squares: bool
    number_keys: bool
    slot_labels: bool
    notes_in_mail: bool
    notes_answered_at: datetime | None
    noted_year: int | None
    year_open_until: datetime | None
    clock_seen_at: datetime | None  # the latest time that a clock of this installation showed
    clock_doubted_at: datetime | None  # a time that it jumped to, until it is confirmed
    # When they were read, or what the clock showed before it was set back (D4).
    moment: datetime = field(compare=False)

    @property
    def mail_address(self) -> str | None:
        """Where mail may be sent: the address, once its owner has verified it."""
        return self.email if self.email_verified_at else None

    @property
    def today(self) -> date:
        """The one day that this person can write now (D2 to D4)."""
        return days.today(
            self.moment, self.zone, self.day_end_hour, self.latest_day, self.year_open_until
        )

    def ends_at(self, today: date) -> datetime:
        """The moment (aware, UTC) at which ``today``, as it was just found, is over."""
        end = days.ends_at(today, self.zone, self.day_end_hour)
        held = self.year_open_until
        return held if held and self.moment < held and end < held else end


_OF_CLOCK = {
    name: select(column).scalar_subquery().label(name)
    for name, column in (
        ("clock_seen_at", installation.seen_at),
        ("clock_doubted_at", installation.doubted_at),
    )
}
_COLUMNS = [
    _OF_CLOCK[name] if name in _OF_CLOCK else users[name]
    for name in Person.__dataclass_fields__
    if name != "moment"
]
_SEEN_AT = list(Person.__dataclass_fields__).index("clock_seen_at")


def select_person() -> Select[Any]:
    """SELECT what :func:`person_from` reads; the caller adds the conditions."""
    return select(*_COLUMNS, present.label("present"))


def locking(people: Select[Any]) -> Select[Any]:
    """Rows of :func:`select_person`, locked against every other writer until the transaction ends.

    Their moment is that at which the lock was had: it may have been waited for across midnight.
    """
    locked = people.with_for_update(of=UserRow).subquery()
    return select(*[present.label(c.name) if c.name == "present" else c for c in locked.c])


def person_from(row: Row[Any]) -> Person:
    """The person in a row that begins with the columns of :func:`select_person`."""
    *known, shown = row[: len(_COLUMNS) + 1]
    now = clock.agreed(shown)
    return Person(*[*known, max(now, known[_SEEN_AT] or now)])


def readable(session: Session, found: Select[Any]) -> Sequence[Row[Any]]:
    """What is ``found`` among people, but for those whose records cannot be read.

    One damaged value must not keep everybody else from what they are due.
    """
    try:
        return session.execute(found).all()
    except (TypeError, ValueError):
        rows: list[Row[Any]] = []
        for user_id in session.scalars(found.with_only_columns(users.id)).all():
            try:
                rows += session.execute(found.where(users.id == user_id))
            except (TypeError, ValueError):
                _say_damaged(user_id)
        return rows


@lru_cache  # once, and not each minute
def _say_damaged(user_id: int) -> None:
    log.error("the record of person number %d is damaged, and is passed over", user_id)


def find(database: Database, login: str) -> Person | None:
    """The person with this username or e-mail address, in any case of letters."""
    with database.read() as session:
        return named(session, login)


def named(session: Session, login: str) -> Person | None:
    """The person with this username or e-mail address, as a part of something greater."""
    row = session.execute(_named(select_person(), login)).first()
    return person_from(row) if row else None


def who_verified(session: Session, email: str) -> Person | None:
    """The one person whose verified address this is."""
    row = session.execute(
        select_person().where(
            users.email == fold_address(email), users.email_verified_at.is_not(None)
        )
    ).first()
    return person_from(row) if row else None


def anybody(database: Database) -> bool:
    """Whether there is any person at all."""
    with database.read() as session:
        return anybody_in(session)


def anybody_in(session: Session) -> bool:
    """Whether there is any person at all, as a part of something greater."""
    return session.execute(select(users.id).limit(1)).first() is not None


def everyone(database: Database) -> list[Person]:
    """All people, by username."""
    with database.read() as session:
        rows = readable(session, select_person().order_by(users.username))
    return [person_from(row) for row in rows]


def by_id(session: Session, user_id: int) -> Person | None:
    """The person with this id."""
    row = session.execute(select_person().where(users.id == user_id)).first()
    return person_from(row) if row else None


def active(session: Session, user_id: int) -> Person | None:
    """The person with this id, unless the account is switched off."""
    row = session.execute(
        select_person().where(users.id == user_id, users.disabled_at.is_(None))
    ).first()
    return person_from(row) if row else None


def password_of(session: Session, login: str) -> tuple[int, str | None] | None:
    """The id and the password hash of the person with this username or e-mail address.

    An account that is switched off has no password for as long.
    """
    password = case((users.disabled_at.is_(None), users.password_hash), else_=None)
    row = session.execute(_named(select(users.id, password.label("hash")), login)).first()
    return (row.id, row.hash) if row else None


def _named(people: Select[Any], login: str) -> Select[Any]:
    """Who has this username or address; whoever verified the address comes before who claims it.

    Among those who claim it the first one counts, so that a later claim takes nothing away.
    """
    name = named_by(login)
    named = users.email == name if "@" in name else users.username == name
    return people.where(named).order_by(users.email_verified_at.is_(None), users.id).limit(1)
