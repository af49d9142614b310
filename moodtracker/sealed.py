"""A sealed year as it is stored: what was written down at the close, and nothing newer (Y2, Y8)."""

import json
from collections.abc import Iterable
from datetime import date, datetime

from moodtracker.board import Board, Entry
from moodtracker.moods import Mood

_MOODS = dict(enumerate(Mood, 1))  # Enum's own search takes longer, and a year has hundreds


def pack(entries: Iterable[Entry]) -> str:
    """The entries as JSON: [day, slot, mood, moment] each, and its note where there is one."""
    return json.dumps(
        [
            [e.day.isoformat(), e.slot, int(e.mood), e.recorded_at.isoformat(), *_noted(e)]
            for e in entries
        ]
    )


def unpack(year: int, zone: str, packed: str) -> Board:
    """The finished board that :func:`pack` wrote down; raises ValueError where it is damaged."""
    try:
        entries = tuple(
            [
                Entry(
                    date.fromisoformat(day),
                    slot,
                    _MOODS[mood],
                    datetime.fromisoformat(moment),
                    "",
                    str(note[0]) if note else "",
                )
                for day, slot, mood, moment, *note in json.loads(packed)
            ]
        )
    except LookupError:
        raise ValueError("there is no such mood") from None
    return Board(year, zone, entries)


def _noted(entry: Entry) -> tuple[str, ...]:
    return (entry.note,) if entry.note else ()
