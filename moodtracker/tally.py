"""How often each mood was picked: in all, in each month, on each weekday."""

import operator
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

from moodtracker.moods import Mood

# A mood in short, as a database keeps it: its day ('2026-11-23'), its score, and the moment (UTC)
# at which it was recorded ('2026-11-23 09:12:33.456').
Pick = tuple[str, int, str]
Counts = tuple[int, ...]  # of awful to great
_NONE = (0,) * len(Mood)


@dataclass(frozen=True)
class Tally:
    """What some days of one year come to; two such tallies of different days add up.

    ``months`` are January to December, ``weekdays`` Monday to Sunday; ``days`` is how many of the
    days have a mood.
    """

    days: int = 0
    months: tuple[Counts, ...] = (_NONE,) * 12
    weekdays: tuple[Counts, ...] = (_NONE,) * 7

    @classmethod
    def of(cls, picks: Sequence[Pick]) -> "Tally":
        """Count them; they are of one year."""
        if not picks:
            return EMPTY
        places = _places(int(picks[0][0][:4]))
        # One number for each: a year has hundreds, and pairs take longer to be counted.
        counted = Counter([places[day] + mood for day, mood, _ in picks])
        months = [[0] * len(Mood) for _ in range(12)]
        weekdays = [[0] * len(Mood) for _ in range(7)]
        for code, count in counted.items():
            months[code // 64 - 1][code % 8 - 1] += count
            weekdays[code // 8 % 8][code % 8 - 1] += count
        days = len({day for day, _, _ in picks})
        return cls(days, tuple(map(tuple, months)), tuple(map(tuple, weekdays)))

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.days + other.days,
            tuple(map(_sum, self.months, other.months)),
            tuple(map(_sum, self.weekdays, other.weekdays)),
        )

    @cached_property
    def moods(self) -> dict[Mood, int]:
        """How often each mood was picked in all, awful to great."""
        return dict(zip(Mood, map(sum, zip(*self.weekdays, strict=True)), strict=True))


EMPTY = Tally()


@lru_cache
def days_of(year: int) -> frozenset[str]:
    """Each day of a year, as a database keeps it."""
    return frozenset(_places(year))


def _sum(some: Counts, others: Counts) -> Counts:
    return tuple(map(operator.add, some, others))


@lru_cache
def _places(year: int) -> dict[str, int]:
    """For each day of the year a number that holds its month and its weekday."""
    first, length = date(year, 1, 1), date(year + 1, 1, 1) - date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range(length.days)]
    return {day.isoformat(): day.month * 64 + day.weekday() * 8 for day in days}
