"""The data: people with two moods on every day of a year, and people with none.

Run as `python -m benchmarks.year FOLDER FULL EMPTY`; makes the database, and FOLDER/cookies.json
with a session cookie for each person. It believes whatever clock it is given, so that the year can
be a full one whenever this is run. Each person's year is another one: a page is never drawn twice
from the same moods.
"""

import hashlib
import json
import random
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import insert
from sqlmodel import SQLModel

from moodtracker import clock
from moodtracker.database import Database
from moodtracker.models import EntryRow, SessionRow, UserRow

_AT_ONCE = 50_000
_ENTRIES = SQLModel.metadata.tables[str(EntryRow.__tablename__)]


def main() -> None:
    """Make the database and the cookies."""
    folder, full, empty = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    database = Database(f"sqlite:///{folder}/moodtracker.db")
    database.migrate()
    now = clock.now()
    people = range(1, full + empty + 1)
    tokens = {person: secrets.token_urlsafe(32) for person in people}
    with database.write() as session:
        session.execute(insert(UserRow), [_person(number, now) for number in people])
        session.execute(
            insert(SessionRow), [_session(number, token, now) for number, token in tokens.items()]
        )
        rows = _moods(range(1, full + 1), now.date())
        while batch := list(islice(rows, _AT_ONCE)):
            session.execute(insert(_ENTRIES), batch)
    database.close()
    cookies = [f"{person}.{token}" for person, token in tokens.items()]
    (folder / "cookies.json").write_text(
        json.dumps({"full": cookies[:full], "empty": cookies[full:]})
    )


def first_tap(today: date) -> str:
    """The name of the tap that stands in today's first slot."""
    return f"seed{today:%Y%m%d}1"


def _person(number: int, now: datetime) -> dict[str, object]:
    return {
        "id": number,
        "username": f"person{number}",
        "first_name": "Ada",
        "zone": "Europe/Berlin",
        "latest_day": now.date(),
        "open_year": now.year,
        "created_at": now,
    }


def _session(number: int, token: str, now: datetime) -> dict[str, object]:
    return {
        "user_id": number,
        "token_hash": hashlib.sha256(token.encode()).hexdigest(),
        "created_at": now,
        "seen_at": now,
    }


def _moods(people: range, today: date) -> Iterator[dict[str, object]]:
    for person in people:
        chance = random.Random(person)
        day = date(today.year, 1, 1)
        while day <= today:
            for slot, hour in ((1, 6 + chance.randrange(5)), (2, 16 + chance.randrange(5))):
                moment = datetime.combine(day, time(hour, chance.randrange(60)), UTC)
                yield {
                    "user_id": person,
                    "day": day,
                    "slot": slot,
                    "mood": chance.choice((1, 2, 3, 3, 4, 4, 4, 5)),
                    "recorded_at": moment,
                    "tap": f"seed{day:%Y%m%d}{slot}"
                    if day == today
                    else f"{chance.getrandbits(96):024x}",
                }
            day += timedelta(days=1)


if __name__ == "__main__":
    main()
