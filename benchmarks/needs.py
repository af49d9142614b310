"""What so many people need, from what each act costs: `python -m benchmarks.needs`.

The costs are those that `benchmarks.capacity` printed; the habits are assumptions, and stand here
to be changed.
"""

import math
from dataclasses import dataclass

CROWDS = (5, 5_000, 500_000, 50_000_000)


@dataclass(frozen=True)
class Costs:
    """CPU milliseconds of an act in the instances and in PostgreSQL, and what is held."""

    tap: tuple[float, float] = (6.7, 2.6)
    view: tuple[float, float] = (11.2, 1.9)
    mail: float = 12.0
    page_kb: float = 200.0
    year_kb: float = 94.0  # two moods on each day, with their key


@dataclass(frozen=True)
class Habits:
    """What a person does in a day, and when."""

    taps: float = 2
    views: float = 3
    open_minutes: float = 20  # that a page stays open in all
    peak: float = 5  # the busiest moment against the mean of the day
    in_first_hour: float = 0.2  # of the year's mails: those of the largest zone


@dataclass(frozen=True)
class Limits:
    """How full a part may be."""

    core: float = 0.6  # of the one core that an instance can use
    pages: int = 5_000  # of an instance; deploy/haproxy.cfg has room for twice as many


@dataclass(frozen=True)
class Needs:
    """What they need at the busiest moment."""

    people: int
    taps_a_second: float
    instance_cores: float
    database_cores: float
    open_pages: float
    instances: int
    memory_gb: float
    disk_gb: float
    mail_core_hours: float
    mails_a_second: float


def needs(people: int, costs: Costs, habits: Habits, limits: Limits) -> Needs:
    """The model: everything grows in proportion, but for the one instance that is spare."""
    a_second = people / 86_400 * habits.peak
    cores = [
        a_second * (habits.taps * costs.tap[side] + habits.views * costs.view[side]) / 1000
        for side in (0, 1)
    ]
    pages = people * habits.open_minutes / 1440 * habits.peak
    busy = max(cores[0] / limits.core, pages / limits.pages)
    return Needs(
        people,
        a_second * habits.taps,
        cores[0],
        cores[1],
        pages,
        math.ceil(busy) + (1 if busy > 1 else 0),
        pages * costs.page_kb / 1e6,
        people * costs.year_kb / 1e6,
        people * costs.mail / 3.6e6,
        people * habits.in_first_hour / 3600,
    )


def main() -> None:
    """Print the table."""
    print(
        "| people | taps a second | cores: instances | PostgreSQL | open pages | instances |"
        " memory of pages | disk, a year | mailing | mails a second |"
    )
    print("|" + "---|" * 10)
    for people in CROWDS:
        n = needs(people, Costs(), Habits(), Limits())
        cells = [
            f"{n.people:,}",
            _short(n.taps_a_second),
            _short(n.instance_cores),
            _short(n.database_cores),
            f"{n.open_pages:,.0f}",
            f"{n.instances:,}",
            f"{_short(n.memory_gb)} GB",
            f"{_short(n.disk_gb)} GB",
            f"{_short(n.mail_core_hours)} core hours",
            _short(n.mails_a_second),
        ]
        print(f"| {' | '.join(cells)} |")


def _short(number: float) -> str:
    if number < 0.005:
        return "less than 0.01"
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


if __name__ == "__main__":
    main()
