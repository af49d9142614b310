"""A person's mail address: claimed by anybody, verified by its owner, and only then written to."""

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.accounts import audit, links
from moodtracker.accounts.audit import Event
from moodtracker.accounts.people import by_id
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.mail import post
from moodtracker.models import MessageRow, UserRow, messages, users


class AddressTaken(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """The address was verified for another account; told to its owner alone."""


def ask_for_verification(session: Session, user_id: int, email: str, asked_from: str = "") -> None:
    """Have a link sent to ``email`` that makes it the person's verified address.

    Until it is followed, the address that they have stays in force. ``asked_from`` is where this
    came from: whose mailbox it is nobody knows yet.
    """
    links.drop(session, user_id, "verify")
    post.drop(session, user_id, post.Kind.JOIN, post.Kind.VERIFY)
    post.ask(session, post.Kind.VERIFY, email, user_id=user_id, asked_from=asked_from)


def claim(session: Session, user_id: int, email: str) -> None:
    """Note an address that cannot be verified, for want of a mail server: nothing is sent to it."""
    session.execute(
        update(UserRow).where(users.id == user_id).values(email=email, email_verified_at=None)
    )
    audit.note(session, user_id, Event.ADDRESS_CHANGED)


def asked_for(database: Database, token: str) -> tuple[str, str]:
    """The address that a link was sent to, and the username of the account that it is for.

    Raises :class:`~moodtracker.accounts.links.LinkSpent`.
    """
    link = links.look_at(database, "verify", token)
    with database.read() as session:
        person = by_id(session, link.user_id)
    if person is None:
        raise links.LinkSpent
    return link.email, person.username


def verify(database: Database, token: str, address: str = "") -> int:
    """Take the address that a link was sent to as the person's own, and tell the old one.

    Returns the person's id.
    ``address`` is where this came from, for the audit log. Raises
    :class:`~moodtracker.accounts.links.LinkSpent` or :class:`AddressTaken`; then nothing changed.
    """
    try:
        with database.write() as session:
            link = links.use(session, "verify", token)
            person = by_id(session, link.user_id)
            if person is None:
                raise links.LinkSpent
            session.execute(
                update(UserRow)
                .where(users.id == person.id)
                .values(email=link.email, email_verified_at=clock.now())
            )
            tell(session, person.id)
            links.drop(session, person.id, "verify", "reset")
            post.drop(session, person.id, post.Kind.JOIN, post.Kind.VERIFY)
            if person.mail_address and person.mail_address != link.email:
                post.ask(
                    session,
                    post.Kind.ADDRESS_CHANGED,
                    person.mail_address,
                    user_id=person.id,
                    name=person.first_name,
                )
            audit.note(session, person.id, Event.ADDRESS_VERIFIED, address=address)
            return person.id
    except IntegrityError:
        raise AddressTaken from None


def waiting(database: Database, user_id: int) -> str | None:
    """The address that a person still has to verify, or None; the one asked for last."""
    with database.read() as session:
        asked: str | None = session.scalar(
            select(messages.email)
            .select_from(MessageRow)
            .where(
                messages.user_id == user_id,
                messages.kind.in_((post.Kind.JOIN, post.Kind.VERIFY)),
            )
            .order_by(messages.created_at.desc())
        )
        return asked or links.latest(session, user_id, "verify")
