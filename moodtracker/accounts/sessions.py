"""Signing in and out. A session lives in the database; the browser holds only its secret name."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Row, bindparam, delete, select, tuple_, update
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.accounts import audit, passwords
from moodtracker.accounts.audit import Event
from moodtracker.accounts.people import (
    Person,
    locking,
    password_of,
    person_from,
    select_person,
)
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.models import SessionRow, UserRow, sessions, users

IDLE = timedelta(days=60)
LONGEST = timedelta(days=365)
_LONGEST_COOKIE = 100
_LARGEST_ID = 2**31 - 1  # of an INTEGER in PostgreSQL
_SEEN_EVERY = timedelta(hours=1)

Found = TypeVar("Found")


class SignInRefused(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """Name and password do not go together; which of the two is wrong is not told."""


class SessionEnded(Exception):  # noqa: N818
    """The session is over: signed out here or elsewhere, or too old."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and by which session."""

    person: Person
    token_hash: str


@dataclass(frozen=True, slots=True)
class Device:
    """One browser that is signed in. ``token_hash`` names it, and is no secret to its person."""

    token_hash: str
    name: str
    since: datetime
    seen_at: datetime
    is_this_one: bool


def check_password(database: Database, login: str, password: str) -> int:
    """The id of the person with this name and password; raises :class:`SignInRefused`.

    Takes as long whoever it is, and does nothing against being tried again and again: what
    strangers reach goes through :mod:`~moodtracker.accounts.proving`.
    """
    with database.read() as session:
        known = password_of(session, login)
    if not passwords.matches(password, known[1] if known else None) or known is None:
        raise SignInRefused
    return known[0]


def open_session(
    database: Database,
    user_id: int,
    *,
    device: str = "",
    address: str = "",
    id_token: str | None = None,
    instead_of: str | None = None,
) -> str:
    """Begin a session for a person; return the value for the cookie: 'ID.TOKEN'.

    ``device`` is what the person will know the browser by, ``address`` where it is; ``id_token``
    comes from an identity provider, for signing out there. ``instead_of`` is the cookie that the
    browser brought along: its session ends, so that nobody can hand a person a session that they
    know.
    """
    if instead_of:
        sign_out(database, instead_of)
    token = secrets.token_urlsafe(32)
    with database.write() as session:
        now = clock.now()
        session.add(
            SessionRow(
                user_id=user_id,
                token_hash=_hash(token),
                created_at=now,
                seen_at=now,
                device=device,
                id_token=id_token,
            )
        )
        _note_visit(session, user_id, now)
        audit.note(session, user_id, Event.SIGNED_IN, device, address)
    return f"{user_id}.{token}"


def may_be(cookie: str) -> bool:
    """Whether a cookie looks like one of ours, which is then to be looked up."""
    return _key(cookie) is not None


def find(database: Database, cookie: str | None) -> SignedIn | None:
    """Who holds this cookie, or None where it names no session that is still open."""
    found = find_with(database, [cookie or ""], nothing_more)
    return found.who if found else None


class FoundSession(NamedTuple, Generic[Found]):
    """An open session: the cookie that names it, who holds it, and what else was read."""

    cookie: str
    who: SignedIn
    more: Found


def find_with(
    database: Database, cookies: Iterable[str], read: Callable[[Session, Person], Found]
) -> FoundSession[Found] | None:
    """The open session that the first of the ``cookies`` names that name one, if any.

    ``read`` is what is wanted of its person as of the same moment.
    """
    named = {key: cookie for cookie in cookies if (key := _key(cookie))}
    if not named:
        return None

    def look() -> tuple[tuple[int, str], Row[Any], Person, Found] | None:
        with database.read() as session:
            for key in _there(session, list(named)):
                if row := _row(session, *key):
                    person = person_from(row)
                    return key, row, person, read(session, person)
        return None

    found = database.repeat(look)
    if found is None:
        return None
    key, row, person, more = found
    if _is_worth_noting(row):
        database.note(lambda session: _note_seen(session, *key))
    return FoundSession(named[key], SignedIn(person, key[1]), more)


def is_open(database: Database, who: SignedIn) -> bool:
    """Whether the session still holds."""
    found = database.repeat(lambda: _look_up(database, who.person.id, who.token_hash))
    return found is not None


def still_signed_in(session: Session, who: SignedIn) -> Person:
    """The person as of now; raises :class:`SessionEnded` where the session is over."""
    row = _row(session, who.person.id, who.token_hash)
    if row is None:
        raise SessionEnded
    return person_from(row)


def lock_person(session: Session, who: SignedIn) -> Person:
    """The person as of now, locked against every other writer until the transaction ends.

    Raises :class:`SessionEnded` where the session is over in the meantime.
    """
    key = (who.person.id, who.token_hash)
    row = _row(session, *key, lock=True)
    if row is None:
        raise SessionEnded
    if _is_worth_noting(row):
        _note_seen(session, *key)
    return person_from(row)


def sign_out(database: Database, cookie: str | None, address: str = "") -> None:
    """End the session of this cookie; a cookie that names none is no matter."""
    key = _key(cookie)
    if key is not None:
        with database.write() as session:
            _end(session, Event.SIGNED_OUT, address, *_named(*key))


def devices(database: Database, who: SignedIn) -> list[Device]:
    """The browsers in which the person is signed in, the one last used first."""
    with database.read() as session:
        rows = session.execute(
            select(sessions.token_hash, sessions.device, sessions.created_at, sessions.seen_at)
            .where(sessions.user_id == who.person.id, *_is_open())
            .order_by(sessions.seen_at.desc(), sessions.created_at.desc())
        ).all()
    return [Device(*row, is_this_one=row.token_hash == who.token_hash) for row in rows]


def id_token_of(database: Database, who: SignedIn) -> str | None:
    """What the identity provider gave for this session, None for a session without one."""
    with database.read() as session:
        found: str | None = session.scalar(
            select(sessions.id_token).where(*_named(who.person.id, who.token_hash))
        )
    return found


def keep_id_token(database: Database, who: SignedIn, id_token: str) -> None:
    """Note what the identity provider gave for a session that began without it."""
    with database.write() as session:
        session.execute(
            update(SessionRow)
            .where(*_named(who.person.id, who.token_hash))
            .values(id_token=id_token)
        )


def end(database: Database, user_id: int, token_hash: str, address: str = "") -> None:
    """End one session of a person; one that is not there is no matter."""
    with database.write() as session:
        _end(session, Event.SIGNED_OUT_ELSEWHERE, address, *_named(user_id, token_hash))


def end_others(database: Database, who: SignedIn, address: str = "") -> None:
    """End every session of a person but this one."""
    with database.write() as session:
        end_others_in(session, who, address)


def end_others_in(session: Session, who: SignedIn, address: str = "") -> None:
    """End every session of a person but this one, as a part of something greater."""
    _end(
        session,
        Event.SIGNED_OUT_ELSEWHERE,
        address,
        sessions.user_id == who.person.id,
        sessions.token_hash != who.token_hash,
    )


def end_all(database: Database, user_id: int) -> None:
    """End every session of a person, on every device."""
    with database.write() as session:
        end_all_in(session, user_id)


def end_all_in(session: Session, user_id: int) -> None:
    """End every session of a person as a part of something greater."""
    session.execute(delete(SessionRow).where(sessions.user_id == user_id))
    tell(session, user_id)


def forget_old(database: Database) -> None:
    """Delete the sessions that are too old to be used."""
    now = clock.now()
    with database.write() as session:
        session.execute(
            delete(SessionRow).where(
                (sessions.seen_at < now - IDLE) | (sessions.created_at < now - LONGEST)
            )
        )


def _end(session: Session, event: Event, address: str, *which: ColumnElement[bool]) -> None:
    """Delete sessions, and note each of them."""
    ended = session.execute(
        delete(SessionRow).where(*which).returning(sessions.user_id, sessions.device)
    ).all()
    for row in ended:
        audit.note(session, row.user_id, event, row.device, address)
        tell(session, row.user_id)


def nothing_more(_session: Session, _person: Person) -> None:
    """What :func:`find_with` reads for whoever needs the session alone."""


def _look_up(database: Database, user_id: int, token_hash: str) -> Row[Any] | None:
    with database.read() as session:
        return _row(session, user_id, token_hash)


def _there(session: Session, keys: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Those that there is a row for, asked at once: made-up ones cost next to nothing."""
    if len(keys) == 1:
        return keys
    columns = sessions.user_id, sessions.token_hash
    rows = session.execute(select(*columns).where(tuple_(*columns).in_(keys)))
    known = {tuple(row) for row in rows}
    return [key for key in keys if key in known]


# Every page and every tap begins with it, so it is made once.
_OF_SESSION = (
    select_person()
    .add_columns(sessions.seen_at)
    .where(
        users.id == sessions.user_id,
        users.disabled_at.is_(None),
        sessions.user_id == bindparam("user_id"),
        sessions.token_hash == bindparam("token_hash"),
        sessions.seen_at >= bindparam("seen_since"),
        sessions.created_at >= bindparam("begun_since"),
    )
)
_OF_SESSION_LOCKED = locking(_OF_SESSION)


def _row(session: Session, user_id: int, token_hash: str, *, lock: bool = False) -> Row[Any] | None:
    """The person and ``seen_at`` of a session that is open, None where there is none."""
    now = clock.now()
    which = {
        "user_id": user_id,
        "token_hash": token_hash,
        "seen_since": now - IDLE,
        "begun_since": now - LONGEST,
    }
    return session.execute(_OF_SESSION_LOCKED if lock else _OF_SESSION, which).first()


def _is_open() -> tuple[ColumnElement[bool], ...]:
    now = clock.now()
    return (sessions.seen_at >= now - IDLE, sessions.created_at >= now - LONGEST)


def _is_worth_noting(row: Row[Any]) -> bool:
    """Whether the session was last noted as seen so long ago that it is worth a write."""
    return bool(clock.now() - row.seen_at > _SEEN_EVERY)


def _note_seen(session: Session, user_id: int, token_hash: str) -> None:
    now = clock.now()
    session.execute(update(SessionRow).where(*_named(user_id, token_hash)).values(seen_at=now))
    _note_visit(session, user_id, now)


def _note_visit(session: Session, user_id: int, now: datetime) -> None:
    session.execute(update(UserRow).where(users.id == user_id).values(visited_at=now))


def _named(user_id: int, token_hash: str) -> tuple[ColumnElement[bool], ...]:
    return (sessions.user_id == user_id, sessions.token_hash == token_hash)


def _key(cookie: str | None) -> tuple[int, str] | None:
    """A cookie's person and token hash, or None where it cannot be one of ours."""
    if not cookie or len(cookie) > _LONGEST_COOKIE:
        return None
    user_id, _, token = cookie.partition(".")
    if not (user_id.isascii() and user_id.isdigit() and token) or int(user_id) > _LARGEST_ID:
        return None
    return int(user_id), _hash(token)


def _hash(token: str) -> str:
    """The stored form of a token: it has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
