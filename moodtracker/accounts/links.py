"""Links that are mailed to somebody: each works once, for a while, and is stored as a hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.database import Database
from moodtracker.models import LinkRow, links

Purpose = Literal["verify", "reset"]

LIFETIMES: dict[Purpose, timedelta] = {
    "verify": timedelta(days=7),
    "reset": timedelta(minutes=30),
}
# What is good for longer than this more was made by a clock that ran ahead.
_SLACK = timedelta(hours=1)
_LONGEST_TOKEN = 100
_LARGEST_ID = 2**31 - 1


class LinkSpent(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """The link is not one of ours (any more): used, too old, or never sent."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link stands for: whose it is, and the address it was sent to."""

    user_id: int
    purpose: Purpose
    email: str
    token_hash: str


def make(session: Session, purpose: Purpose, user_id: int, email: str) -> str:
    """A new link's token, 'ID.SECRET' with 256 random bits; it is kept as a hash alone."""
    secret = secrets.token_urlsafe(32)
    session.execute(
        insert(LinkRow).values(
            user_id=user_id,
            token_hash=_hash(secret),
            purpose=purpose,
            email=email,
            expires_at=clock.now() + LIFETIMES[purpose],
        )
    )
    return f"{user_id}.{secret}"


def look_at(database: Database, purpose: Purpose, token: str) -> Link:
    """What a link stands for, without using it up; raises :class:`LinkSpent`."""
    with database.read() as session:
        row = session.execute(
            select(links.user_id, links.email, links.token_hash).where(*_is(purpose, token))
        ).first()
    if row is None:
        raise LinkSpent
    return Link(row.user_id, purpose, row.email, row.token_hash)


def use(session: Session, purpose: Purpose, token: str) -> Link:
    """Use a link up, as a part of what it is for; raises :class:`LinkSpent`.

    It is deleted in the caller's transaction: of two that use it at once one finds it gone, and
    where what it was for fails, it works again.
    """
    row = session.execute(
        delete(LinkRow).where(*_is(purpose, token)).returning(links.user_id, links.email)
    ).first()
    if row is None:
        raise LinkSpent
    return Link(row.user_id, purpose, row.email, "")


def latest(session: Session, user_id: int, purpose: Purpose) -> str | None:
    """The address that a person's newest link of this purpose, still good, was sent to."""
    found: str | None = session.scalar(
        select(links.email)
        .where(links.user_id == user_id, links.purpose == purpose, links.expires_at > clock.now())
        .order_by(links.expires_at.desc())
    )
    return found


def drop(session: Session, user_id: int, *purposes: Purpose) -> None:
    """Make a person's links of these purposes worthless; of all purposes where none is named."""
    chosen = purposes or tuple(LIFETIMES)
    session.execute(delete(LinkRow).where(links.user_id == user_id, links.purpose.in_(chosen)))


def forget_old(database: Database) -> None:
    """Delete the links that are too old to be used."""
    with database.write() as session:
        session.execute(delete(LinkRow).where(links.expires_at < clock.now()))


def _is(purpose: Purpose, token: str) -> tuple[ColumnElement[bool], ...]:
    user_id, secret = _parts(token)
    now = clock.now()
    return (
        links.user_id == user_id,
        links.token_hash == _hash(secret),
        links.purpose == purpose,
        links.expires_at > now,
        links.expires_at <= now + LIFETIMES[purpose] + _SLACK,
    )


def _parts(token: str) -> tuple[int, str]:
    """The person and the secret in a token; raises :class:`LinkSpent` where it is none of ours."""
    user_id, _, secret = token[: _LONGEST_TOKEN + 1].partition(".")
    if len(token) > _LONGEST_TOKEN or not (user_id.isascii() and user_id.isdigit() and secret):
        raise LinkSpent
    if int(user_id) > _LARGEST_ID:
        raise LinkSpent
    return int(user_id), secret


def _hash(secret: str) -> str:
    """The stored form of a secret: it has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
