"""All tables on one screen.

Every table that grows carries ``user_id`` first in its keys, so that it can be split by person.
Table classes do not validate: what comes from outside is checked before it gets here, and the
constraints are the last word.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Text, false, true
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlmodel import Field, SQLModel

metadata = SQLModel.metadata
metadata.naming_convention = {
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
}

# What a slot's and a mood's check says; IN refuses 2.5 and 'good' too, which BETWEEN on SQLite,
# where a column's type is a mere wish, would let pass.
_SLOT = "slot IN (1, 2)"
_MOOD = "mood IN (1, 2, 3, 4, 5)"


class UserRow(SQLModel, table=True):
    """A person. ``username`` and ``email`` are stored folded, as they are compared."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("day_end_hour BETWEEN 0 AND 5", name="day_end_hour"),
        CheckConstraint("founder", name="founder"),
        {"sqlite_autoincrement": True},  # an id is never used again, even after its person left
    )

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(unique=True)
    email: str = Field(unique=True)
    first_name: str
    last_name: str = ""
    password_hash: str
    zone: str
    day_end_hour: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    latest_day: date | None = None  # D4: today never lies before it
    open_year: int | None = Field(default=None, index=True)  # of the oldest entry not yet sealed
    administrator: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    founder: bool | None = Field(default=None, unique=True)
    year_end_mail: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    created_at: datetime


class SessionRow(SQLModel, table=True):
    """One signed-in browser. Only the hash of its token is kept."""

    __tablename__ = "sessions"

    user_id: int = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    token_hash: str = Field(primary_key=True)
    created_at: datetime
    seen_at: datetime = Field(index=True)


class EntryRow(SQLModel, table=True):
    """One mood in one slot of one person's day (D1)."""

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint(_SLOT, name="slot"),
        CheckConstraint(_MOOD, name="mood"),
    )

    user_id: int = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    day: date = Field(primary_key=True)
    slot: int = Field(primary_key=True)
    mood: int
    recorded_at: datetime
    tap: str


class SealedYearRow(SQLModel, table=True):
    """One person's closed year and its mail (Y2, Y3). ``moods`` is erased last, and first of all.

    ``moods`` holds the entries as JSON until they are erased; what stays is that the year was
    closed, so that it cannot be closed twice.
    """

    __tablename__ = "sealed_years"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'held', 'no_address', 'opted_out', 'empty')",
            name="state",
        ),
        Index("ix_sealed_years_state", "state", "next_try_at"),
    )

    user_id: int = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    year: int = Field(primary_key=True)
    zone: str
    moods: str | None = Field(sa_type=Text)
    state: str
    sealed_at: datetime
    due_at: datetime
    next_try_at: datetime
    lease_owner: str | None = None
    lease_until: datetime | None = None
    message_id: str
    message_date: datetime | None = None
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    last_error: str | None = None
    sent_at: datetime | None = None
    erased_at: datetime | None = None


def _columns(table: type[SQLModel]) -> ReadOnlyColumnCollection[str, Column[Any]]:
    columns: ReadOnlyColumnCollection[str, Column[Any]] = table.__table__.c  # type: ignore[attr-defined]
    return columns


# What statements are made of: a class's attributes have the types of its values, these of SQL.
users = _columns(UserRow)
sessions = _columns(SessionRow)
entries = _columns(EntryRow)
sealed_years = _columns(SealedYearRow)
