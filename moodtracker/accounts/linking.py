"""Which account an identity at the provider leads to, and how the two come together.

Issuer and subject together name a person for good (OpenID Connect Core 1.0, 5.7); an address is
given to somebody else some day, and names nobody. So an identity is connected with an account once,
where the provider vouches for the account's own address and the person wants it.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.accounts import audit
from moodtracker.accounts.audit import Event
from moodtracker.accounts.identity import Ended, Identity, IdentityTaken, sid_in
from moodtracker.accounts.people import Person, person_from, select_person
from moodtracker.accounts.sessions import SignedIn, lock_person
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.models import (
    LogoutTokenRow,
    SessionRow,
    UserRow,
    logout_tokens,
    sessions,
    users,
)


class AnotherAddress(Exception):  # noqa: N818 - these are answers to a person, not faults
    """The provider does not vouch for the address of this account."""


class LastWayIn(Exception):  # noqa: N818
    """Without the provider nobody could sign in to this account any more."""


class Disabled(Exception):  # noqa: N818
    """The administrator has switched this account off."""


@dataclass(frozen=True, slots=True)
class Match:
    """An account with the identity's address.

    ``is_certain`` says that the address was verified for it; else it is only claimed, perhaps by
    somebody else. ``has_password`` says whether its owner can prove that it is theirs.
    """

    username: str
    is_certain: bool
    has_password: bool


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How a person can sign in."""

    by_password: bool
    by_provider: bool


def owner(database: Database, identity: Identity) -> Person | None:
    """Whose identity this is, None where it is nobody's here; raises :class:`Disabled`."""
    with database.read() as session:
        row = session.execute(
            select_person()
            .add_columns(users.disabled_at)
            .where(
                users.oidc_issuer == identity.issuer,
                users.oidc_subject == identity.subject,
            )
        ).first()
    if row is not None and row.disabled_at is not None:
        raise Disabled
    return person_from(row) if row else None


def match(database: Database, identity: Identity) -> Match | None:
    """The account that the identity's verified address leads to, if any."""
    if identity.email is None:
        return None
    with database.read() as session:
        row = session.execute(
            select(users.username, users.email_verified_at, users.password_hash)
            .where(users.email == identity.email, users.disabled_at.is_(None))
            .order_by(users.email_verified_at.is_(None), users.id)
            .limit(1)
        ).first()
    if row is None:
        return None
    return Match(row.username, row.email_verified_at is not None, row.password_hash is not None)


def is_taken(session: Session, identity: Identity) -> bool:
    """Whether the identity, or the address that the provider vouches for, is somebody's already."""
    connected = (users.oidc_issuer == identity.issuer) & (users.oidc_subject == identity.subject)
    verified = (users.email == identity.email) & users.email_verified_at.is_not(None)
    return session.scalar(select(users.id).where(connected | verified).limit(1)) is not None


def link(database: Database, who: SignedIn, identity: Identity, address: str = "") -> None:
    """Connect the identity with the account of somebody who is signed in and wants it.

    The address counts as verified from now on: the provider vouches for it. Raises
    :class:`AnotherAddress`, :class:`IdentityTaken` and
    :class:`~moodtracker.accounts.sessions.SessionEnded`; then nothing changed.
    """
    try:
        with database.write() as session:
            person = lock_person(session, who)
            if identity.email is None or identity.email != person.email:
                raise AnotherAddress
            session.execute(
                update(UserRow)
                .where(users.id == person.id)
                .values(
                    oidc_issuer=identity.issuer,
                    oidc_subject=identity.subject,
                    email_verified_at=person.email_verified_at or clock.now(),
                )
            )
            audit.note(session, person.id, Event.PROVIDER_LINKED, address=address)
    except IntegrityError:
        raise IdentityTaken from None


def unlink(database: Database, who: SignedIn, address: str = "") -> None:
    """Forget the identity of a person, who has a password to sign in with.

    Raises :class:`LastWayIn` where they have none.
    """
    with database.write() as session:
        person = lock_person(session, who)
        ways = _ways_in(session, person.id)
        if not ways.by_password:
            raise LastWayIn
        if ways.by_provider:
            session.execute(
                update(UserRow)
                .where(users.id == person.id)
                .values(oidc_issuer=None, oidc_subject=None)
            )
            audit.note(session, person.id, Event.PROVIDER_UNLINKED, address=address)


def end_sessions(database: Database, ended: Ended) -> int | None:
    """End what came from a session that the provider has ended; returns whose, None if nobody's.

    Sessions that began with a password go on. A token that is told a second time ends nothing
    (Back-Channel Logout 1.0, 2.6): whoever got hold of it could sign people out again and again.
    """
    whose = [users.oidc_issuer == ended.issuer]
    if ended.subject:
        whose.append(users.oidc_subject == ended.subject)
    try:
        with database.write() as session:
            session.add(LogoutTokenRow(token_hash=_hash(ended), expires_at=ended.over))
            session.flush()
            rows = session.execute(
                select(sessions.user_id, sessions.token_hash, sessions.id_token)
                .join(UserRow, users.id == sessions.user_id)
                .where(*whose, sessions.id_token.is_not(None))
            ).all()
            over = [row for row in rows if ended.sid in ("", sid_in(row.id_token))]
            if not over:
                return None
            user_id: int = over[0].user_id
            session.execute(
                delete(SessionRow).where(
                    sessions.user_id == user_id,
                    sessions.token_hash.in_([row.token_hash for row in over]),
                )
            )
            audit.note(session, user_id, Event.SIGNED_OUT_ELSEWHERE)
            tell(session, user_id)
    except IntegrityError:
        return None
    return user_id


def forget_old(database: Database) -> None:
    """Delete the names of logout tokens that are over, and would not be believed any more."""
    with database.write() as session:
        session.execute(delete(LogoutTokenRow).where(logout_tokens.expires_at < clock.now()))


def _hash(ended: Ended) -> str:
    return hashlib.sha256(f"{ended.issuer} {ended.token}".encode()).hexdigest()


def ways_in(database: Database, user_id: int) -> WaysIn:
    """How this person can sign in."""
    with database.read() as session:
        return _ways_in(session, user_id)


def _ways_in(session: Session, user_id: int) -> WaysIn:
    row = session.execute(
        select(users.password_hash, users.oidc_subject).where(users.id == user_id)
    ).one()
    return WaysIn(row.password_hash is not None, row.oidc_subject is not None)
