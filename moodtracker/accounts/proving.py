"""Proving who one is by a password, and slowing down whoever only guesses.

What makes a try wait is explained in :mod:`~moodtracker.accounts.throttling`. Whether somebody is
here at all makes no difference to what is said, nor to how long it takes: the same is read, hashed
and written either way, and failures are counted by what was typed. They are counted by account as
well, whose two names are one: but a try that is too many by that count is refused as a wrong
password is, since to be told to wait would tell that both names are somebody's.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import select, update

from moodtracker.accounts import audit, passwords, sessions
from moodtracker.accounts.audit import NOBODY, Event
from moodtracker.accounts.folding import counted_as
from moodtracker.accounts.people import password_of
from moodtracker.accounts.sessions import SignedIn, SignInRefused
from moodtracker.accounts.throttling import Count, Throttle, network
from moodtracker.accounts.tickets import TicketRefused, Tickets
from moodtracker.database import Database
from moodtracker.fair_queue import leave_turn
from moodtracker.models import UserRow, users
from moodtracker.secret import Secret

_FREE_TRIES = 5  # for one name from one address, and for one name in a browser it is known in
_FREE_TRIES_OF_AN_ADDRESS = 50  # a school or an office may share it
_UNHURRIED_TRIES = 20  # at one name from everywhere; after that its answers take their time
_SLOWEST_ANSWER = 4.0  # seconds
_MOST_KNOWN = 10  # people for each browser


class WrongPassword(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """It is not the password of whoever is signed in."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from: address, browser, and what it carries of earlier sign-ins."""

    address: str
    device: str = ""
    known: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The value for the session cookie, and for the one that a browser is known again by."""

    cookie: str
    known: str


def whose(who: SignedIn) -> str:
    """In whose turn somebody's passwords are checked and made who is signed in."""
    return f"person {who.person.id}"


class Proving:
    """Checks passwords."""

    known_for = timedelta(days=365)

    def __init__(self, database: Database, throttle: Throttle, secret: Secret) -> None:
        """Count failures in ``throttle``."""
        self._database = database
        self._throttle = throttle
        self._tickets = Tickets(secret, "known browser", self.known_for)

    async def sign_in(
        self, login: str, password: str, visitor: Visitor, *, instead_of: str | None = None
    ) -> Admitted:
        """Begin a session for who gives a name (username or e-mail) and its password.

        ``instead_of`` is the session cookie that the browser brought along: it ends, so that
        nobody can hand a person a session that he knows. Raises
        :class:`~moodtracker.accounts.sessions.SignInRefused`,
        :class:`~moodtracker.accounts.throttling.TooManyTries` or
        :class:`~moodtracker.fair_queue.Busy`.
        """
        name = counted_as(login)
        with_all = f"name {name}"
        counts, is_known, is_heard = await asyncio.to_thread(self._begin, name, login, visitor)
        unhurried = await asyncio.to_thread(self._unhurried, with_all)
        if not is_known:
            if unhurried:
                leave_turn()
            await asyncio.sleep(unhurried)
        user_id = await passwords.signing_in.run(
            network(visitor.address),
            partial(self._check, login, password, visitor, is_heard=is_heard),
            trusted=is_known,
        )
        return await asyncio.to_thread(self._open, user_id, counts, with_all, visitor, instead_of)

    async def confirm(self, who: SignedIn, password: str, visitor: Visitor) -> None:
        """Check the password of somebody who is signed in, before something that matters.

        Raises :class:`WrongPassword`, and what :meth:`sign_in` does of waiting.
        """
        counts = [Count(f"session {who.token_hash}", _FREE_TRIES)]
        await asyncio.to_thread(self._throttle.begin, counts)
        try:
            check = partial(self._check, who.person.username, password, visitor)
            user_id = await passwords.signing_in.run(whose(who), check, trusted=True)
        except SignInRefused:
            raise WrongPassword from None
        if user_id != who.person.id:
            raise WrongPassword
        await asyncio.to_thread(self._throttle.succeeded, counts)

    def _begin(self, name: str, login: str, visitor: Visitor) -> tuple[Sequence[Count], bool, bool]:
        """Count the try as failed for now; returns what a success makes forgotten.

        And whether this browser is one in which that person was signed in before, and whether a
        right password counts.
        """
        with self._database.read() as session:
            found = password_of(session, login)
        browser, people = self._known(visitor.known)
        where = network(visitor.address)
        if found is not None and found[0] in people:
            counts = [Count(f"account {found[0]} in browser {browser}", _FREE_TRIES)]
            self._throttle.begin(counts)
            return counts, True, True
        counts = [Count(f"name {name} from {where}", _FREE_TRIES)]
        self._throttle.begin([*counts, Count(f"sign-in from {where}", _FREE_TRIES_OF_AN_ADDRESS)])
        account = found[0] if found else f"of nobody {name}"
        of_account = Count(f"account {account} from {where}", _FREE_TRIES)
        is_heard = self._throttle.may_be_looked_at(of_account)
        return [*counts, of_account], False, is_heard

    def _unhurried(self, with_all: str) -> float:
        """How many seconds the answer takes longer, since this name is guessed at from all over."""
        failures = self._throttle.count(with_all)
        return min(max(failures - _UNHURRIED_TRIES, 0) / 5, _SLOWEST_ANSWER)

    def _check(self, login: str, password: str, visitor: Visitor, *, is_heard: bool = True) -> int:
        try:
            user_id = self._whose(login, password, is_heard=is_heard)
        except SignInRefused:
            with self._database.write() as session:
                found = password_of(session, login)
                whose = found[0] if found else NOBODY
                audit.note(session, whose, Event.SIGN_IN_FAILED, visitor.device, visitor.address)
            raise
        self._renew(user_id, password)
        return user_id

    def _whose(self, login: str, password: str, *, is_heard: bool) -> int:
        """Whose password it is; one that is not heard takes as long, and is nobody's."""
        user_id = sessions.check_password(self._database, login, password)
        if not is_heard:
            raise SignInRefused
        return user_id

    def _renew(self, user_id: int, password: str) -> None:
        """Hash the password anew where the stored hash is cheaper than it would be now."""
        with self._database.read() as session:
            stored = session.scalar(select(users.password_hash).where(users.id == user_id))
        if stored is None or not passwords.is_too_cheap(stored):
            return
        renewed = passwords.hash_password(password)
        with self._database.write() as session:
            session.execute(
                update(UserRow)
                .where(users.id == user_id, users.password_hash == stored)
                .values(password_hash=renewed)
            )

    def _open(
        self,
        user_id: int,
        counts: Sequence[Count],
        with_all: str,
        visitor: Visitor,
        instead_of: str | None,
    ) -> Admitted:
        self._throttle.succeeded([*counts, Count(with_all, 0)])
        self._throttle.forgive(f"sign-in from {network(visitor.address)}")
        cookie = sessions.open_session(
            self._database,
            user_id,
            device=visitor.device,
            address=visitor.address,
            instead_of=instead_of,
        )
        return Admitted(cookie, self.known_now(visitor.known, user_id))

    def known_now(self, known: str, user_id: int) -> str:
        """What a browser carries once this person, too, was signed in there."""
        browser, people = self._known(known)
        people = [user_id, *(other for other in people if other != user_id)][:_MOST_KNOWN]
        return self._tickets.give({"browser": browser or secrets.token_hex(16), "people": people})

    def people_of(self, known: str) -> Sequence[int]:
        """Who was signed in where the browser carries what :meth:`known_now` gave, latest first."""
        return self._known(known)[1]

    def _known(self, known: str) -> tuple[str, list[int]]:
        """The browser's own name, and who was signed in there; empty where it carries nothing."""
        try:
            content = self._tickets.take(known)
        except TicketRefused:
            return "", []
        return content["browser"], content["people"]
