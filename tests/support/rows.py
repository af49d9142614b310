"""Rows for a database, as they would stand there."""

from datetime import UTC, date, datetime

from moodtracker.models import EntryRow, SealedYearRow, UserRow

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def person(number: int) -> UserRow:
    return UserRow(
        id=number, username=f"person{number}", first_name="Ada", zone="UTC", created_at=NOW
    )


def entry(
    who: int, slot: int, day: int = 24, *, year: int = 2026, month: int = 11, tap: str = "tap"
) -> EntryRow:
    when = date(year, month, day)
    return EntryRow(user_id=who, day=when, slot=slot, mood=4, recorded_at=NOW, tap=tap)


def sealed_year(who: int, year: int) -> SealedYearRow:
    return SealedYearRow(
        user_id=who,
        year=year,
        zone="UTC",
        moods="{}",
        state="sent",
        sealed_at=NOW,
        due_at=NOW,
        next_try_at=NOW,
        message_id=f"<{who}.{year}@example.org>",
    )
