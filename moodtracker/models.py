"""All tables on one screen.

Every table that grows carries ``user_id`` first in its keys, so that it can be split by person.
Table classes do not validate: what comes from outside is checked before it gets here, and the
constraints are the last word.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Self

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Dialect,
    Index,
    Text,
    TypeDecorator,
    false,
    text,
    true,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.types import TypeEngine
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


def _is_day(column: str) -> tuple[CheckConstraint, CheckConstraint]:
    """One that Python can read; SQLite's columns take anything, and its date() knows a year 0."""
    in_range = f"{column} BETWEEN '0001-01-01' AND '9999-12-31'"
    on_sqlite = CheckConstraint(
        f"{column} IS date({column}, '+0 days') AND {in_range}", name=column
    )
    on_postgresql = CheckConstraint(in_range, name=column)
    on_sqlite.ddl_if(dialect="sqlite")
    on_postgresql.ddl_if(dialect="postgresql")
    return on_sqlite, on_postgresql


class _ReadableDate(sqlite.DATE):
    """SQLite's date, None where what stands there is none."""

    def adapt(self, _cls: object, **_: Any) -> Self:  # type: ignore[override]
        """Stay one of these: the driver would put one of its own in the place of any date."""
        return type(self)()

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], date | None]:
        """As any date is read, without an error."""
        read = super().result_processor(dialect, coltype)

        def read_or_none(value: Any) -> date | None:
            try:
                return read(value)  # type: ignore[misc]
            except (TypeError, ValueError):
                return None

        return read_or_none


class Day(TypeDecorator[date]):
    """A day. One that is damaged is read as none, so that its person's board opens all the same."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL's own, or SQLite's, which is a mere text."""
        if dialect.name == "sqlite":
            return _ReadableDate()  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(Date())


class UserRow(SQLModel, table=True):
    """A person. ``username`` and ``email`` are stored folded, as they are compared.

    An address is unique once it is verified: anybody may claim one, and only its owner can verify
    it, so that a claim tells nobody whether the address is known here.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("day_end_hour BETWEEN 0 AND 5", name="day_end_hour"),
        CheckConstraint("theme IN ('system', 'light', 'dark')", name="theme"),
        *_is_day("latest_day"),
        *_is_day("reminded_on"),
        Index("ix_users_email", "email"),
        Index(
            "uq_users_verified_email",
            "email",
            unique=True,
            sqlite_where=text("email_verified_at IS NOT NULL"),
            postgresql_where=text("email_verified_at IS NOT NULL"),
        ),
        Index("uq_users_oidc", "oidc_issuer", "oidc_subject", unique=True),
        {"sqlite_autoincrement": True},  # an id is never used again, even after its person left
    )

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(unique=True)
    email: str | None = None
    email_verified_at: datetime | None = None  # until then only the verification is sent there
    first_name: str
    last_name: str = ""
    password_hash: str | None = None  # None: signs in with the identity provider alone
    oidc_issuer: str | None = None
    oidc_subject: str | None = None
    zone: str
    day_end_hour: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    latest_day: date | None = Field(default=None, sa_type=Day)  # D4: today never lies before it
    open_year: int | None = Field(default=None, index=True)  # of the oldest entry not yet sealed
    administrator: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    year_end_mail: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    disabled_at: datetime | None = None
    created_at: datetime
    language: str = Field(  # a language tag (BCP 47); '': as the browser asks
        default="", sa_column_kwargs={"server_default": text("''")}
    )
    theme: str = Field(default="system", sa_column_kwargs={"server_default": text("'system'")})
    faces_in_squares: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    number_keys: bool = Field(  # 1 to 5 pick a mood; off for who dictates (WCAG 2.1.4)
        default=True, sa_column_kwargs={"server_default": true()}
    )
    slot_labels: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    notes_in_mail: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    notes_answered_at: datetime | None = None  # when they last said whether notes are mailed
    noted_year: int | None = None  # the latest in which they wrote a note
    reminder: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    reminder_at: time = Field(  # local
        default=time(20), sa_column_kwargs={"server_default": text("'20:00:00'")}
    )
    reminded_on: date | None = Field(  # the person's latest day that had a reminder
        default=None, sa_type=Day
    )
    visited_at: datetime | None = None  # who has stopped coming is not reminded
    year_open_until: datetime | None = None  # Y7: the old year is not over before


class SessionRow(SQLModel, table=True):
    """One signed-in browser. Only the hash of its token is kept."""

    __tablename__ = "sessions"

    user_id: int = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    token_hash: str = Field(primary_key=True)
    created_at: datetime
    seen_at: datetime = Field(index=True)
    device: str = Field(
        default="", sa_column_kwargs={"server_default": text("''")}
    )  # 'Firefox on Linux'
    id_token: str | None = Field(default=None, sa_type=Text)  # to sign out at the provider with


class LinkRow(SQLModel, table=True):
    """A single-use link that was mailed to somebody. Only the hash of its token is kept."""

    __tablename__ = "links"
    __table_args__ = (CheckConstraint("purpose IN ('verify', 'reset')", name="purpose"),)

    user_id: int = Field(primary_key=True)
    token_hash: str = Field(primary_key=True)
    purpose: str
    email: str  # the address that was written to
    expires_at: datetime = Field(index=True)


class LogoutTokenRow(SQLModel, table=True):
    """A provider's word that somebody is signed out, so that it counts once. Only its hash."""

    __tablename__ = "logout_tokens"

    token_hash: str = Field(primary_key=True)
    expires_at: datetime = Field(index=True)


class InvitationRow(SQLModel, table=True):
    """A single-use link that lets one person join. Only the hash of its token is kept."""

    __tablename__ = "invitations"

    token_hash: str = Field(primary_key=True)
    invited_by: int | None = None
    created_at: datetime
    expires_at: datetime


class ThrottleRow(SQLModel, table=True):
    """How often something was tried in vain of late. ``key`` is a keyed hash of what was tried."""

    __tablename__ = "throttles"

    key: str = Field(primary_key=True)
    failures: int
    failed_at: datetime = Field(index=True)


class AuditRow(SQLModel, table=True):
    """What happened to an account, and from where; no mood, no secret. 0 is nobody's account."""

    __tablename__ = "audit"

    user_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    at: datetime = Field(index=True)
    event: str
    detail: str = ""
    address: str = ""


class MessageRow(SQLModel, table=True):
    """A mail other than the year's board that waits to be sent; deleted once it is.

    It holds no secret: a link's token is made when its mail is. ``user_id`` is 0 where it is not
    known whether the address has an account; what then is sent, if anything, is decided by who
    sends, so that asking takes as long either way.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'sending', 'held')", name="state"),
        Index("ix_messages_state", "state", "next_try_at"),
        Index(
            "ix_messages_waits_for_server",
            "waits_for_server",
            sqlite_where=text("waits_for_server"),
            postgresql_where=text("waits_for_server"),
        ),
    )

    user_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    email: str
    name: str = ""
    language: str = ""  # which instances of the release before still write, amid a rolling upgrade
    asked_from: str = Field(  # the network of a stranger who asked; '': nobody's who is counted
        default="", sa_column_kwargs={"server_default": text("''")}
    )
    state: str = "pending"
    created_at: datetime
    next_try_at: datetime
    lease_owner: str | None = None
    lease_until: datetime | None = None
    message_id: str
    message_date: datetime | None = None
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    last_error: str | None = None
    failed_in_spell: int | None = None  # the installation's ``mail_spell`` when it last failed
    waits_for_server: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class EntryRow(SQLModel, table=True):
    """One mood in one slot of one person's day (D1)."""

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint(_SLOT, name="slot"),
        CheckConstraint(_MOOD, name="mood"),
        CheckConstraint("length(note) <= 280", name="note"),
        *_is_day("day"),
        {"sqlite_with_rowid": False},  # a person's year lies side by side, as it is read
    )

    user_id: int = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    day: date = Field(primary_key=True, sa_type=Day)
    slot: int = Field(primary_key=True)
    mood: int
    recorded_at: datetime
    tap: str
    note: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class ActRow(SQLModel, table=True):
    """What one act of a person's day came to (D5); gone once the next day is over."""

    __tablename__ = "acts"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('done', 'day_full', 'day_locked', 'entry_gone', 'note_too_long')",
            name="outcome",
        ),
        *_is_day("day"),
        {"sqlite_with_rowid": False},
    )

    user_id: int = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    tap: str = Field(primary_key=True)
    day: date = Field(sa_type=Day)
    outcome: str


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
        Index(
            "ix_sealed_years_waits_for_server",
            "waits_for_server",
            sqlite_where=text("waits_for_server"),
            postgresql_where=text("waits_for_server"),
        ),
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
    failed_in_spell: int | None = None  # the installation's ``mail_spell`` when it last failed
    waits_for_server: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    sent_at: datetime | None = None
    refused_email: str | None = None  # of a held year: another address lets it be sent (Y4)
    sent_to: str | None = None  # Y5b: the address that it was mailed to last
    notes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # how many it has
    notes_mailed: bool = Field(  # whether the mail that was made last, and taken, had them (Y5a)
        default=False, sa_column_kwargs={"server_default": false()}
    )
    stuck_since: datetime | None = None  # since when nobody tries to mail it; None: since its close
    downloaded_at: datetime | None = None  # when all of it had gone out whole (Y5a)
    erased_at: datetime | None = None


class InstallationRow(SQLModel, table=True):
    """What all processes together know of this installation: one row."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: int = Field(primary_key=True)
    founded_at: datetime | None = None  # somebody administers here, or once did
    seen_at: datetime | None = None  # the latest time that a clock showed (D4, Y9)
    doubted_at: datetime | None = None  # a time that it jumped to, until it is confirmed
    mail_failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # in a row
    mail_quiet_until: datetime | None = None  # the mail server has trouble: nobody tries before
    mail_trouble: str | None = None
    mail_unreachable_at: datetime | None = None  # when it last took none from anybody at all
    mail_spell: int = Field(  # how often a taken mail has ended a run of refusals
        default=0, sa_column_kwargs={"server_default": "0"}
    )
    mail_refused_alike: str | None = None  # what the refusals of this spell have in common
    mail_refused_to: str | None = None  # whom they were about: digests of a few addresses


class TroubleRow(SQLModel, table=True):
    """What is or was wrong with this installation, for its administrators."""

    __tablename__ = "troubles"

    kind: str = Field(primary_key=True)
    since: datetime = Field(primary_key=True)
    until: datetime | None = None  # None: it lasts
    words: str = ""  # what the mail server or the like said
    told_at: datetime | None = None  # when administrators were mailed about it


class MailCountRow(SQLModel, table=True):
    """How many mails were tried in a minute, to stay below the mail server's hourly limit."""

    __tablename__ = "mail_counts"

    minute: datetime = Field(primary_key=True)
    mails: int


class RecipientRow(SQLModel, table=True):
    """How many mails one mailbox got since its day began. ``key`` is a keyed hash of it."""

    __tablename__ = "recipients"

    key: str = Field(primary_key=True)
    since: datetime = Field(index=True)
    mails: int


def _columns(table: type[SQLModel]) -> ReadOnlyColumnCollection[str, Column[Any]]:
    columns: ReadOnlyColumnCollection[str, Column[Any]] = table.__table__.c  # type: ignore[attr-defined]
    return columns


# What statements are made of: a class's attributes have the types of its values, these of SQL.
users = _columns(UserRow)
sessions = _columns(SessionRow)
entries = _columns(EntryRow)
acts = _columns(ActRow)
sealed_years = _columns(SealedYearRow)
links = _columns(LinkRow)
logout_tokens = _columns(LogoutTokenRow)
invitations = _columns(InvitationRow)
throttles = _columns(ThrottleRow)
audit = _columns(AuditRow)
messages = _columns(MessageRow)
installation = _columns(InstallationRow)
troubles = _columns(TroubleRow)
mail_counts = _columns(MailCountRow)
recipients = _columns(RecipientRow)
