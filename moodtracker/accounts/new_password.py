"""Choosing a new password: by the old one, or by a link that was mailed."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from moodtracker.accounts import audit, links, passwords, sessions
from moodtracker.accounts.audit import Event
from moodtracker.accounts.folding import counted_as, named_by
from moodtracker.accounts.links import LinkSpent
from moodtracker.accounts.people import Person, active, named
from moodtracker.accounts.registration import refuse_weak, store_password
from moodtracker.accounts.sessions import SignedIn, lock_person
from moodtracker.accounts.throttling import Count, Throttle, TooManyTries
from moodtracker.database import Database
from moodtracker.mail import post

# More links than these to one account wait; those that were sent before are still good.
_FREE_LINKS = 3


def change(database: Database, who: SignedIn, password: str, address: str = "") -> None:
    """Give somebody who is signed in, and has proved it, a new password.

    Every other session of theirs ends, and they are mailed that it was done. Raises
    :class:`~moodtracker.accounts.registration.InvalidInput` and
    :class:`~moodtracker.accounts.sessions.SessionEnded`.
    """
    refuse_weak(password, who.person)
    password_hash = passwords.hash_password(password)
    with database.write() as session:
        person = lock_person(session, who)
        store_password(session, person.id, password_hash)
        sessions.end_others_in(session, who, address)
        _tell(session, person)
        audit.note(session, person.id, Event.PASSWORD_CHANGED, address=address)


def ask_for_link(
    database: Database,
    throttle: Throttle,
    typed: str,
    address: str = "",
    known: Sequence[int] = (),
) -> None:
    """Have a link mailed to whoever has this username or address, if anybody has.

    Whether anybody has is found out by who writes the mail, so that asking takes as long either
    way. What was typed stands in the row until then. ``known`` are the people who were signed in
    before in the browser that asks: strangers who ask cannot use up what one of them waits for.
    """
    login = named_by(typed)
    with database.read() as session:
        found = named(session, login)
    user_id = found.id if found and found.id in known else post.NOBODY
    whose = f"person {user_id}" if user_id else counted_as(login)
    try:
        throttle.begin([Count(f"links to {whose}", _FREE_LINKS)])
    except TooManyTries:
        return
    with database.write() as session:
        post.ask(session, post.Kind.RESET, login, user_id=user_id)
        audit.note(session, audit.NOBODY, Event.RESET_SENT, address=address)


def whose(database: Database, token: str) -> Person:
    """Who the link was sent to; raises :class:`~moodtracker.accounts.links.LinkSpent`."""
    link = links.look_at(database, "reset", token)
    with database.read() as session:
        person = active(session, link.user_id)
    if person is None:
        raise LinkSpent
    return person


def by_link(database: Database, token: str, password: str, address: str = "") -> Person:
    """Use the link up for a new password, which ends every session of the person.

    Raises :class:`~moodtracker.accounts.links.LinkSpent` and
    :class:`~moodtracker.accounts.registration.InvalidInput`; then the link is as good as before.
    """
    person = whose(database, token)
    refuse_weak(password, person)
    password_hash = passwords.hash_password(password)
    with database.write() as session:
        links.use(session, "reset", token)
        store_password(session, person.id, password_hash)
        sessions.end_all_in(session, person.id)
        _tell(session, person)
        audit.note(session, person.id, Event.PASSWORD_RESET, address=address)
    return person


def _tell(session: Session, person: Person) -> None:
    if person.mail_address:
        post.ask(session, post.Kind.PASSWORD_CHANGED, person.mail_address, user_id=person.id)
