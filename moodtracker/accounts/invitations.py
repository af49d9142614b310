"""Invitations: links that let one person join, for a while, stored as hashes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.accounts import administrators, audit
from moodtracker.accounts.audit import Event
from moodtracker.database import Database
from moodtracker.models import InvitationRow, invitations

LIFETIME = timedelta(days=7)
# What is good for longer than this more was made by a clock that ran ahead.
_SLACK = timedelta(hours=1)
_LONGEST_TOKEN = 100


class InvitationSpent(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """The invitation was used or withdrawn, is too old, or was never made."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that nobody has used yet; its link is known to whoever got it alone."""

    token_hash: str
    created_at: datetime
    expires_at: datetime


def make(database: Database, invited_by: int | None, address: str = "") -> str:
    """A new invitation's token, with 256 random bits; ``invited_by`` is None for the operator.

    Raises :class:`~moodtracker.accounts.administrators.NotAnAdministrator`.
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    with database.write() as session:
        administrators.check_role(session, invited_by)
        session.execute(
            insert(InvitationRow).values(
                token_hash=_hash(token),
                invited_by=invited_by,
                created_at=now,
                expires_at=now + LIFETIME,
            )
        )
        audit.note(session, invited_by or audit.NOBODY, Event.INVITED, address=address)
    return token


def link(base_url: str, token: str) -> str:
    """Where an invitation leads."""
    return f"{base_url}/register?{urlencode({'invitation': token})}"


def is_good(session: Session, token: str) -> bool:
    """Whether somebody may join with it, without using it up."""
    return session.scalar(select(invitations.token_hash).where(*_is(token))) is not None


def use(session: Session, token: str) -> None:
    """Use it up, in the transaction that makes the account; raises :class:`InvitationSpent`."""
    used = session.scalar(
        delete(InvitationRow).where(*_is(token)).returning(invitations.token_hash)
    )
    if used is None:
        raise InvitationSpent


def waiting(database: Database) -> list[Invitation]:
    """Those that nobody has used yet, the newest first."""
    with database.read() as session:
        rows = session.execute(
            select(invitations.token_hash, invitations.created_at, invitations.expires_at)
            .where(invitations.expires_at > clock.now())
            .order_by(invitations.created_at.desc())
        ).all()
    return [Invitation(*row) for row in rows]


def withdraw(database: Database, token_hash: str, by: int | None = None) -> None:
    """Make one worthless; one that is not there is no matter.

    ``by`` is the administrator who asks, None the operator. Raises
    :class:`~moodtracker.accounts.administrators.NotAnAdministrator`.
    """
    with database.write() as session:
        administrators.check_role(session, by)
        session.execute(delete(InvitationRow).where(invitations.token_hash == token_hash))


def forget_old(database: Database) -> None:
    """Delete those that are too old to be used."""
    with database.write() as session:
        session.execute(delete(InvitationRow).where(invitations.expires_at <= clock.now()))


def _is(token: str) -> tuple[ColumnElement[bool], ...]:
    found = _hash(token[:_LONGEST_TOKEN])
    now = clock.now()
    return (
        invitations.token_hash == found,
        invitations.expires_at > now,
        invitations.expires_at <= now + LIFETIME + _SLACK,
    )


def _hash(token: str) -> str:
    """The stored form of a token: it has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
