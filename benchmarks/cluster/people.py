"""The people of the cluster: who has a browser, and whose last year has ended."""

from datetime import UTC, date, datetime

from sqlalchemy import insert, select, text

from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.models import EntryRow, UserRow, users

_LAST_YEAR = datetime.now(UTC).year - 1


def make(database: Database, count: int) -> dict[int, str]:
    """So many people without moods; returns each one's id and session cookie."""
    now = datetime.now(UTC)
    with database.write() as session:
        session.execute(
            insert(UserRow),
            [
                {"username": f"ada{number}", "first_name": "Ada", "zone": "UTC", "created_at": now}
                for number in range(count)
            ],
        )
        ids = session.scalars(select(users.id).order_by(users.id)).all()
    return {user_id: sessions.open_session(database, user_id) for user_id in ids}


def end_a_year_of(database: Database, ids: list[int]) -> None:
    """Let these people have a board of last year that nobody has closed."""
    day = date(_LAST_YEAR, 12, 31)
    noon = datetime(_LAST_YEAR, 12, 31, 12, tzinfo=UTC)
    with database.write() as session:
        session.execute(
            text(
                "UPDATE users SET email = username || '@example.org', email_verified_at = now(),"
                " open_year = :year, latest_day = :day, created_at = :noon WHERE id = ANY(:ids)"
            ),
            {"year": _LAST_YEAR, "day": day, "noon": noon, "ids": ids},
        )
        session.execute(
            insert(EntryRow),
            [
                {
                    "user_id": user_id,
                    "day": day,
                    "slot": 1,
                    "mood": 4,
                    "recorded_at": noon,
                    "tap": "t",
                }
                for user_id in ids
            ],
        )


def pass_a_lease(database: Database) -> None:
    """What a quarter of an hour does: a lease that a dead worker held is over."""
    with database.write() as session:
        session.execute(
            text(
                "UPDATE sealed_years SET lease_until = now() - interval '1 second'"
                " WHERE state = 'sending'"
            )
        )


def waiting(database: Database) -> int:
    """How many closed years are not mailed yet, and years not closed yet."""
    with database.read() as session:
        counted = session.execute(
            text(
                "SELECT (SELECT count(*) FROM sealed_years WHERE state <> 'sent')"
                " + (SELECT count(*) FROM users WHERE open_year = :year)"
            ),
            {"year": _LAST_YEAR},
        )
        return int(counted.scalar_one())
