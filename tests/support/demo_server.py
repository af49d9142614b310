"""A server on a fixed day with the demo person's year, to be looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import update

from moodtracker import clock, demo
from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.models import EntryRow, UserRow, entries, users
from support.server import Server

ZONE = ZoneInfo("Europe/Berlin")
NOON = (2026, 11, 23, 17, 12)  # UTC


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[Server, str]]:
    """The running server, and the session cookie of a demo person who administers it."""
    server = Server(folder, **settings)
    server.set_clock(*NOON)
    server.start()
    try:
        yield server, make_up(server)
    finally:
        server.stop()


def make_up(server: Server) -> str:
    """Make the demo person on the server's day, with a note on it; returns the session cookie."""
    database = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    real, moment = clock.now, server.now()
    clock.now = lambda: moment
    try:
        person, _ = demo.make_up(database, ZONE.key)
        with database.write() as session:
            session.execute(update(UserRow).where(users.id == person.id).values(administrator=True))
            today = (entries.user_id == person.id, entries.day == person.today)
            session.execute(update(EntryRow).where(*today).values(note="A long walk by the river."))
        return sessions.open_session(database, person.id, device="Firefox on Linux")
    finally:
        clock.now = real
        database.close()
