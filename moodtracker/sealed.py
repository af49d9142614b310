"""A sealed year as it is stored: what was written down at the close, and nothing newer (Y2, Y8)."""

import json
from collections.abc import Iterable
from datetime import date, datetime

from moodtracker.board import Board, Entry
from moodtracker.moods import Mood


def pack(entries: Iterable[Entry]) -> str:
    """The entries as JSON: [day, slot, mood, moment] each."""
    return json.dumps(
        [[e.day.isoformat(), e.slot, int(e.mood), e.recorded_at.isoformat()] for e in entries]
    )


def unpack(year: int, zone: str, packed: str) -> Board:
    """The finished board that :func:`pack` wrote down; raises ValueError where it is damaged."""
    entries = tuple(
        Entry(date.fromisoformat(day), slot, Mood(mood), datetime.fromisoformat(moment))
        for day, slot, mood, moment in json.loads(packed)
    )
    return Board(year, zone, entries)
