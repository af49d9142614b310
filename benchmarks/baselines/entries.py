"""A signed-in person's year, read in the shortest way: one connection, two statements."""

import calendar
import hashlib
import os
import sqlite3
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

COLOURS = {1: "#4f2f8f", 2: "#4a6fb5", 3: "#2fa89a", 4: "#8fb53a", 5: "#ffdf4a"}
MOODS = {1: "😢 awful", 2: "🙁 bad", 3: "😐 okay", 4: "🙂 good", 5: "😄 great"}
_ZONE = ZoneInfo("Europe/Berlin")

Day = tuple[date, list[str], str]  # which, its colours, its title


def year_of(cookie: str) -> list[tuple[str, list[Day]]]:
    """Each month's name with its days; raises LookupError for a cookie that nobody holds."""
    user_id, _, token = cookie.partition(".")
    connection = sqlite3.connect(os.environ["DATABASE"])
    try:
        session = connection.execute(
            "SELECT 1 FROM sessions WHERE user_id = ? AND token_hash = ?",
            (user_id, hashlib.sha256(token.encode()).hexdigest()),
        ).fetchone()
        if session is None:
            raise LookupError
        year = datetime.now(UTC).year
        rows = connection.execute(
            "SELECT day, mood, recorded_at FROM entries"
            " WHERE user_id = ? AND day BETWEEN ? AND ? ORDER BY day, slot",
            (user_id, f"{year}-01-01", f"{year}-12-31"),
        ).fetchall()
    finally:
        connection.close()
    days: dict[str, list[tuple[int, str]]] = {}
    for day, mood, moment in rows:
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(_ZONE)
        days.setdefault(day, []).append((mood, f"{MOODS[mood]} at {at:%H:%M}"))
    return [
        (
            calendar.month_abbr[month],
            [_day(date(year, month, day), days) for day in _days(year, month)],
        )
        for month in range(1, 13)
    ]


def _days(year: int, month: int) -> range:
    return range(1, calendar.monthrange(year, month)[1] + 1)


def _day(day: date, days: dict[str, list[tuple[int, str]]]) -> Day:
    moods = days.get(day.isoformat(), [])
    words = ", ".join(words for _, words in moods) or "no mood"
    return day, [COLOURS[mood] for mood, _ in moods] or ["#eeebe4"], f"{day:%A %-d %B}: {words}"
