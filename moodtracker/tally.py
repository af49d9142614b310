"""How often each mood was picked: in all, in each month, on each weekday."""

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
    def of(cls, picked: Mapping[date, Sequence[Mood]]) -> "Tally":
        """Count what was picked on these days; each has a mood at least."""
        # One number for each mood: a year has hundreds, and pairs take longer to be counted.
        counted = Counter(
            [
                place + mood
                for day, moods in picked.items()
                for place in (day.month * 64 + day.weekday() * 8,)
                for mood in moods
            ]
        )
        months = [[0] * len(Mood) for _ in range(12)]
        weekdays = [[0] * len(Mood) for _ in range(7)]
        for code, count in counted.items():
            months[code // 64 - 1][code % 8 - 1] += count
            weekdays[code // 8 % 8][code % 8 - 1] += count
        return cls(len(picked), tuple(map(tuple, months)), tuple(map(tuple, weekdays)))

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return self._with(other, operator.add)

    def __sub__(self, other: "Tally") -> "Tally":
        """What is left without ``other``'s days."""
        return self._with(other, operator.sub)

    @cached_property
    def moods(self) -> dict[Mood, int]:
        """How often each mood was picked in all, awful to great."""
        return dict(zip(Mood, map(sum, zip(*self.weekdays, strict=True)), strict=True))

    def _with(self, other: "Tally", combine: Callable[[int, int], int]) -> "Tally":
        def counts(some: Counts, others: Counts) -> Counts:
            return tuple(map(combine, some, others))

        return Tally(
            combine(self.days, other.days),
            tuple(map(counts, self.months, other.months)),
            tuple(map(counts, self.weekdays, other.weekdays)),
        )


EMPTY = Tally()
