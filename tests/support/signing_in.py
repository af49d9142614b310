"""Signing in as people do, by a name and a password."""

from itertools import count

from moodtracker.accounts.proving import Proving, Visitor
from moodtracker.accounts.throttling import Throttle
from moodtracker.database import Database
from moodtracker.secret import Secret
from support.loops import run

_SECRET = Secret("a secret of the tests that is long enough")
_numbers = count(1)


def sign_in(
    database: Database,
    login: str,
    password: str,
    *,
    device: str = "",
    instead_of: str | None = None,
) -> str:
    """The cookie of a new session, begun from an address of its own."""
    proving = Proving(database, Throttle(database, _SECRET), _SECRET)
    number = next(_numbers)
    visitor = Visitor(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", device)
    return run(proving.sign_in(login, password, visitor, instead_of=instead_of)).cookie
