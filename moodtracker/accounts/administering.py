"""What an administrator does for others: see who is here, switch off, delete, send a link.

Each is done in one transaction that looks whether ``by``, who asks, is an administrator still, and
raises :class:`~moodtracker.accounts.administrators.NotAnAdministrator` or
:class:`~moodtracker.accounts.administrators.LastAdministrator`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from moodtracker import clock
from moodtracker.accounts import administrators, audit, leaving, sessions
from moodtracker.accounts.audit import Event
from moodtracker.accounts.people import by_id, readable
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.mail import post
from moodtracker.mail.goodbye import Farewell
from moodtracker.models import UserRow, users
from moodtracker.models import sessions as session_rows


class NotThisOne(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """Nobody switches off or deletes themselves here, nor somebody who is gone."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who is here; nothing of how they feel."""

    id: int
    username: str
    email: str | None
    is_verified: bool
    administrator: bool
    is_disabled: bool
    joined_at: datetime
    seen_at: datetime | None


def accounts(database: Database) -> list[Account]:
    """Everybody, by username."""
    with database.read() as session:
        rows = readable(
            session,
            select(
                users.id,
                users.username,
                users.email,
                users.email_verified_at.is_not(None),
                users.administrator,
                users.disabled_at.is_not(None),
                users.created_at,
                select(func.max(session_rows.seen_at))
                .where(session_rows.user_id == users.id)
                .scalar_subquery(),
            ).order_by(users.username),
        )
    return [Account(*list(row)) for row in rows]


def switch_off(database: Database, user_id: int, by: int, address: str = "") -> None:
    """End every session of a person, and let nobody sign in to the account any more."""
    _refuse_oneself(user_id, by)
    with database.write() as session:
        administrators.check_role(session, by)
        administrators.keep_one(session, user_id)
        session.execute(update(UserRow).where(users.id == user_id).values(disabled_at=clock.now()))
        sessions.end_all_in(session, user_id)
        audit.note(session, user_id, Event.DISABLED, address=address)


def switch_on(database: Database, user_id: int, by: int, address: str = "") -> None:
    """Let the person sign in again; all is as it was."""
    with database.write() as session:
        administrators.check_role(session, by)
        session.execute(update(UserRow).where(users.id == user_id).values(disabled_at=None))
        tell(session, user_id)
        audit.note(session, user_id, Event.ENABLED, address=address)


def remove(database: Database, user_id: int, by: int, address: str = "") -> Farewell | None:
    """Delete somebody's account for good; an administrator leaves by their own settings.

    Returned is whom to say good-bye to.
    """
    _refuse_oneself(user_id, by)
    return leaving.delete_account(database, user_id, address, by=by)


def send_link(database: Database, user_id: int, by: int, address: str = "") -> None:
    """Have a link mailed to a person by which they choose a new password."""
    with database.write() as session:
        administrators.check_role(session, by)
        person = by_id(session, user_id)
        if person is None or person.mail_address is None:
            raise NotThisOne
        post.ask(session, post.Kind.RESET, person.username, user_id=person.id)
        audit.note(session, user_id, Event.RESET_SENT, address=address)


def _refuse_oneself(user_id: int, by: int) -> None:
    if user_id == by:
        raise NotThisOne
