"""How long to wait after failures: a minute, doubled by each, at most 6 hours."""

import random
from datetime import timedelta

LONGEST = timedelta(hours=6)
JITTER = 0.25
_FIRST = timedelta(minutes=1)


def after(failures: int) -> timedelta:
    """The shortest wait after this many failures in a row."""
    return min(_FIRST * (1 << min(max(failures, 1) - 1, 20)), LONGEST)


def jittered(failures: int, longest: timedelta = LONGEST) -> timedelta:
    """The wait, up to a quarter longer by chance, so that not all come back in one moment."""
    return min(after(failures), longest) * (1 + JITTER * random.random())  # noqa: S311 - no secret


def together(failures: int) -> timedelta:
    """How long all waits up to this failure took at the least."""
    return sum((after(number) for number in range(1, failures + 1)), timedelta())
