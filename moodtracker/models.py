"""All tables on one screen.

Every table that grows carries ``user_id`` first in its keys, so that it can be split by person.
Table classes do not validate: what comes from outside is checked before it gets here, and the
constraints are the last word.
"""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Text, false, text, true
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
    """A person. ``username`` and ``email`` are stored folded, as they are compared.

    An address is unique once it is verified: anybody may claim one, and only its owner can verify
    it, so that a claim tells nobody whether the address is known here.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("day_end_hour BETWEEN 0 AND 5", name="day_end_hour"),
        CheckConstraint("theme IN ('system', 'light', 'dark')", name="theme"),
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
    latest_day: date | None = None  # D4: today never lies before it
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
    reminder: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    reminder_at: time = Field(  # local
        default=time(20), sa_column_kwargs={"server_default": text("'20:00:00'")}
    )
    reminded_on: date | None = None  # the person's latest day that had a reminder
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
    )

    user_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    email: str
    name: str = ""
    language: str = ""  # of whoever left, since their account cannot tell
    state: str = "pending"
    created_at: datetime
    next_try_at: datetime
    lease_owner: str | None = None
    lease_until: datetime | None = None
    message_id: str
    message_date: datetime | None = None
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    last_error: str | None = None


class EntryRow(SQLModel, table=True):
    """One mood in one slot of one person's day (D1)."""

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint(_SLOT, name="slot"),
        CheckConstraint(_MOOD, name="mood"),
        CheckConstraint("length(note) <= 280", name="note"),
        {"sqlite_with_rowid": False},  # a person's year lies side by side, as it is read
    )

    user_id: int = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    day: date = Field(primary_key=True)
    slot: int = Field(primary_key=True)
    mood: int
    recorded_at: datetime
    tap: str
    note: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    note_tap: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


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
    refused_email: str | None = None  # of a held year: another address lets it be sent (Y4)
    downloaded_at: datetime | None = None  # Y5: what cannot be mailed stays until then
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


class MailCountRow(SQLModel, table=True):
    """How many mails were tried in a minute, to stay below the mail server's hourly limit."""

    __tablename__ = "mail_counts"

    minute: datetime = Field(primary_key=True)
    mails: int


def _columns(table: type[SQLModel]) -> ReadOnlyColumnCollection[str, Column[Any]]:
    columns: ReadOnlyColumnCollection[str, Column[Any]] = table.__table__.c  # type: ignore[attr-defined]
    return columns


# What statements are made of: a class's attributes have the types of its values, these of SQL.
users = _columns(UserRow)
sessions = _columns(SessionRow)
entries = _columns(EntryRow)
sealed_years = _columns(SealedYearRow)
links = _columns(LinkRow)
logout_tokens = _columns(LogoutTokenRow)
invitations = _columns(InvitationRow)
throttles = _columns(ThrottleRow)
audit = _columns(AuditRow)
messages = _columns(MessageRow)
installation = _columns(InstallationRow)
mail_counts = _columns(MailCountRow)
