"""Closed years, written straight into a server's database, as the close would have left them."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from moodtracker.database import Database
from moodtracker.models import SealedYearRow, sealed_years, users

SMALL = [["2025-12-31", 1, 4, "2025-12-31T12:00:00+00:00", "the last of them"]]
# More than what the system keeps for a connection whose other side takes little at once.
LARGE = [
    [day.isoformat(), slot, 1 + day.day % 5, f"{day}T{6 + slot:02}:00:00+00:00", "ö" * 280]
    for day in (date(2025, 1, 1) + timedelta(days=number) for number in range(365))
    for slot in (1, 2)
]


def seal(database: Database, username: str, moods: list[list[Any]] | str, **values: object) -> None:
    """Let somebody's 2025 stand there, in place of what stood there before."""
    now = datetime.now(UTC)
    entries = [] if isinstance(moods, str) else moods
    with database.write() as session:
        user_id = session.scalar(select(users.id).where(users.username == username))
        session.merge(
            SealedYearRow(
                **{
                    "user_id": user_id,
                    "year": 2025,
                    "zone": "UTC",
                    "moods": moods if isinstance(moods, str) else json.dumps(moods),
                    "state": "held",
                    "sealed_at": now,
                    "due_at": now,
                    "next_try_at": now + timedelta(days=400),
                    "message_id": "<x@y>",
                    "notes": sum(len(entry) > 4 for entry in entries),
                }
                | values
            )
        )


def is_downloaded(database: Database, username: str) -> bool:
    """Whether their closed year counts as downloaded."""
    with database.read() as session:
        found = session.scalar(
            select(sealed_years.downloaded_at)
            .join(users.id.table, users.id == sealed_years.user_id)
            .where(users.username == username)
        )
    return found is not None
