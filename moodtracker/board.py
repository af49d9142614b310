"""A board: one person's entries of one calendar year, as plain values.

It travels from the diary through the drawings to page, file and mail; it knows neither
database nor markup.
"""

import calendar
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from moodtracker.moods import Mood
from moodtracker.tally import EMPTY, Counts, Pick, Tally


class Entry(NamedTuple):
    """One mood in one slot (1 or 2) of one day, with the moment (aware, UTC) it was recorded.

    ``tap`` names the tap that put it there, so that a tap delivered twice counts once. ``note`` is
    plain text, at most 280 characters, '' for none.
    """

    day: date
    slot: int
    mood: Mood
    recorded_at: datetime
    tap: str = ""
    note: str = ""


@dataclass(frozen=True)
class Board:
    """The year as it stands.

    ``entries`` are in order of day and slot; ``zone`` is the IANA name in which times are
    told; ``today`` is None once the year is closed. ``before`` are days that are only counted:
    a page that is open reads no more than today again, since nothing else can change (D3).
    """

    year: int
    zone: str
    entries: tuple[Entry, ...]
    today: date | None = None
    before: Tally = EMPTY

    @cached_property
    def by_day(self) -> dict[date, tuple[Entry, ...]]:
        """The entries of each day that has any, first slot first."""
        days: dict[date, list[Entry]] = {}
        for entry in self.entries:
            days.setdefault(entry.day, []).append(entry)
        return {day: tuple(present) for day, present in days.items()}

    @property
    def in_short(self) -> list[Pick]:
        """The entries without what only some drawings need."""
        return [
            (entry.day.isoformat(), entry.mood, entry.recorded_at.isoformat(" "))
            for entry in self.entries
        ]

    @property
    def open_day(self) -> date:
        """Today, on a board that has one; raises ValueError once the year is closed."""
        if self.today is None:
            raise ValueError("a closed year has no today")
        return self.today

    def on(self, day: date) -> tuple[Entry, ...]:
        """The day's entries, none to two."""
        return self.by_day.get(day, ())

    def months(self) -> Iterator[tuple[int, list[date]]]:
        """Each month's number (1 to 12) with its days in order."""
        for month in range(1, 13):
            length = calendar.monthrange(self.year, month)[1]
            yield month, [date(self.year, month, day) for day in range(1, length + 1)]

    @cached_property
    def tally(self) -> Tally:
        """How often each mood was picked, and when."""
        # Without the moments: to write them takes longer than to count.
        here = Tally.of([(entry.day.isoformat(), entry.mood, "") for entry in self.entries])
        return self.before + here if self.before.days else here

    @property
    def days_kept(self) -> int:
        """How many days have at least one mood."""
        return self.tally.days

    @property
    def notes(self) -> int:
        """How many moods have a note."""
        return sum(bool(entry.note) for entry in self.entries)

    @property
    def days_so_far(self) -> int:
        """How many days of the year have begun: all of them once it is closed."""
        last = self.today or date(self.year, 12, 31)
        return last.timetuple().tm_yday

    @property
    def counts(self) -> dict[Mood, int]:
        """How often each mood was picked, awful to great."""
        return self.tally.moods

    @property
    def most_often(self) -> Mood | None:
        """The mood picked most often (the brighter one of equals), None on an empty board."""
        if not self.tally.days:
            return None
        return max(Mood, key=lambda mood: (self.counts[mood], mood))

    @property
    def brightest_month(self) -> int | None:
        """The month (1 to 12) with the highest mean mood, the earliest of equals."""
        brightest = _brightest(self.tally.months)
        return None if brightest is None else brightest + 1

    @property
    def brightest_weekday(self) -> int | None:
        """The weekday (0 is Monday) with the highest mean mood, the earliest of equals."""
        return _brightest(self.tally.weekdays)


def _brightest(groups: tuple[Counts, ...]) -> int | None:
    means = [
        sum(map(operator.mul, Mood, counts)) / total if (total := sum(counts)) else 0
        for counts in groups
    ]
    return means.index(max(means)) if any(means) else None
