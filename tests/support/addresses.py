"""Verified addresses without waiting for a mail."""

from moodtracker.accounts import addresses, links
from moodtracker.accounts.people import find
from moodtracker.database import Database


def verify_address(database: Database, username: str) -> None:
    """Follow the link that verifies the address which a person gave."""
    person = find(database, username)
    assert person is not None
    with database.write() as session:
        token = links.make(session, "verify", person.id, person.email or "")
    addresses.verify(database, token)
