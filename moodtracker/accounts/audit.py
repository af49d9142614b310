"""The audit log: what happened to an account, when and from where. No moods, no secrets."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.database import Database
from moodtracker.models import AuditRow, audit

KEEP = timedelta(days=90)
NOBODY = 0


class Event(StrEnum):
    """What can happen, as it is stored."""

    JOINED = "joined"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_ELSEWHERE = "signed_out_elsewhere"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - it is the name of an event
    PASSWORD_RESET = "password_reset"  # noqa: S105
    RESET_SENT = "reset_sent"
    ADDRESS_CHANGED = "address_changed"
    ADDRESS_VERIFIED = "address_verified"
    SETTINGS_CHANGED = "settings_changed"
    PROVIDER_LINKED = "provider_linked"
    PROVIDER_UNLINKED = "provider_unlinked"
    EXPORTED = "exported"
    INVITED = "invited"
    PROMOTED = "promoted"
    MAIL_CAME_BACK = "mail_came_back"
    DISABLED = "disabled"
    ENABLED = "enabled"
    ERASED = "erased"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log; ``detail`` and ``address`` may be empty."""

    at: datetime
    event: Event
    detail: str
    address: str


def note(
    session: Session,
    user_id: int,
    event: Event,
    detail: str = "",
    address: str = "",
    *,
    key: str | None = None,
) -> None:
    """Write a line as a part of what it tells of; ``user_id`` is :data:`NOBODY` for a stranger.

    ``address`` is where it came from, ``detail`` a device, an administrator or the like;
    ``key`` names the line.
    """
    session.execute(
        insert(AuditRow).values(
            user_id=user_id,
            id=key or secrets.token_hex(8),
            at=clock.now(),
            event=event,
            detail=detail[:200],
            address=address,
        )
    )


def note_once(session: Session, user_id: int, key: str, event: Event, detail: str = "") -> None:
    """Write a line unless there is one of this ``key`` at this account, as what it tells of."""
    known = session.scalar(select(audit.id).where(audit.user_id == user_id, audit.id == key))
    if known is None:
        note(session, user_id, event, detail, key=key)


def of(database: Database, user_id: int, *, limit: int = 50) -> list[Record]:
    """A person's own part, the newest first."""
    with database.read() as session:
        rows = session.execute(
            select(audit.at, audit.event, audit.detail, audit.address)
            .where(audit.user_id == user_id)
            .order_by(audit.at.desc())
            .limit(limit)
        ).all()
    return [Record(row.at, Event(row.event), row.detail, row.address) for row in rows]


def forget_old(database: Database) -> None:
    """Delete what is older than 90 days."""
    with database.write() as session:
        session.execute(delete(AuditRow).where(audit.at < clock.now() - KEEP))
