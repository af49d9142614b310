"""A year of somebody's, written straight into a server's database."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from sqlalchemy import select, update

from moodtracker.database import Database
from moodtracker.models import EntryRow, UserRow, users
from support.server import Server


def write(server: Server, username: str, moods: Iterable[tuple[date, int, int, str]]) -> None:
    """Give somebody entries, (day, slot, mood, note) each, recorded at 08:12 UTC."""
    database = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    with database.write() as session:
        person = session.scalar(select(users.id).where(users.username == username))
        for day, slot, mood, note in moods:
            session.add(
                EntryRow(
                    user_id=person,
                    day=day,
                    slot=slot,
                    mood=mood,
                    recorded_at=datetime(day.year, day.month, day.day, 8, 12, tzinfo=UTC),
                    tap=f"year{day:%Y%m%d}{slot}",
                    note=note,
                )
            )
            session.execute(update(UserRow).where(users.id == person).values(open_year=day.year))
    database.close()
