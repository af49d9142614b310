"""Asking for a mail: written down in the transaction of what it is about, sent by the outbox."""

import secrets
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.accounts.people import Person
from moodtracker.accounts.throttling import network
from moodtracker.database import Database
from moodtracker.models import MessageRow, messages

NOBODY = 0


class Kind(StrEnum):
    """The mails other than the year's board, as they are stored."""

    JOIN = "join"  # to a new person: the link that verifies the address, or that it has an owner
    VERIFY = "verify"  # to a person's new address: the link that verifies it
    # To whoever forgot: ``email`` is what was typed, a username or an address. With a ``user_id``
    # it was asked for where the person was signed in before, or by an administrator.
    RESET = "reset"
    ADDRESS_CHANGED = "address_changed"  # to the old address
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - it is the name of a mail
    PREVIEW = "preview"  # to a person: their year so far, because they asked for it
    REMINDER = "reminder"  # to a person: that the day has no mood yet
    TROUBLE = "trouble"  # to an administrator: what is or was wrong with this server


# How long a mail is of use to whoever asked for it; one that is older is dropped instead of sent.
_USEFUL_FOR: dict[str, timedelta] = {
    Kind.RESET: timedelta(minutes=30),
    Kind.REMINDER: timedelta(hours=2),
}
_USEFUL_FOR_OTHERS = timedelta(days=7)


def useful_for(kind: str) -> timedelta:
    """How long after it was asked for a mail of this kind may still be sent."""
    return _USEFUL_FOR.get(kind, _USEFUL_FOR_OTHERS)


def ask(
    session: Session,
    kind: Kind,
    email: str,
    *,
    user_id: int = NOBODY,
    name: str = "",
    asked_from: str = "",
) -> None:
    """Have a mail sent soon after the transaction, and in any case again until it is taken.

    ``name`` is what the person is called. ``asked_from`` is the address of who asks, where that may
    be anybody: mails that go to others are counted by it.
    """
    now = clock.now()
    session.execute(
        insert(MessageRow).values(
            user_id=user_id,
            id=secrets.token_hex(8),
            kind=kind,
            email=email,
            name=name,
            asked_from=network(asked_from) if asked_from else "",
            state="pending",
            created_at=now,
            next_try_at=now,
            message_id=secrets.token_hex(16),
        )
    )


def ask_for_preview(database: Database, person: Person) -> bool:
    """Have a person's year so far mailed to them; False where one is on its way already.

    One that could not be delivered gives way.
    """
    if person.mail_address is None:
        return False
    previews = messages.user_id == person.id, messages.kind == Kind.PREVIEW
    with database.write() as session:
        session.execute(delete(MessageRow).where(*previews, messages.state == "held"))
        if session.scalar(select(func.count()).select_from(MessageRow).where(*previews)):
            return False
        ask(session, Kind.PREVIEW, person.mail_address, user_id=person.id)
    return True


def forget_old(database: Database) -> None:
    """Delete what could not be delivered and is of no use to anybody any more."""
    with database.write() as session:
        session.execute(
            delete(MessageRow).where(messages.created_at < clock.now() - _USEFUL_FOR_OTHERS)
        )


def drop_asked_for(session: Session, *names: str | None) -> None:
    """Forget what somebody asked for by one of these names without saying who they are."""
    which = (messages.user_id == NOBODY, messages.email.in_(list(filter(None, names))))
    session.execute(delete(MessageRow).where(*which))


def drop(session: Session, user_id: int, *kinds: Kind) -> None:
    """Forget what waits to be sent to a person; of all kinds where none is named."""
    waiting = delete(MessageRow).where(messages.user_id == user_id)
    session.execute(waiting.where(messages.kind.in_(kinds)) if kinds else waiting)
