"""How often each mood was picked: in all, in each month, on each weekday."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from moodtracker.moods import Mood

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
    def of(cls, picked: Iterable[tuple[date, Mood]], days: int) -> "Tally":
        """Count what was picked on so many ``days``."""
        # One number for each pair: a year has hundreds, and tuples take longer to be counted.
        counted = Counter([day.month * 64 + day.weekday() * 8 + mood for day, mood in picked])
        months = [[0] * len(Mood) for _ in range(12)]
        weekdays = [[0] * len(Mood) for _ in range(7)]
        for code, count in counted.items():
            months[code // 64 - 1][code % 8 - 1] += count
            weekdays[code // 8 % 8][code % 8 - 1] += count
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


def _sum(some: Counts, others: Counts) -> Counts:
    return tuple(map(int.__add__, some, others))
