"""Whether two samples come from one distribution, without asking how long anything took."""

import math
from collections.abc import Sequence


def difference(one: Sequence[float], other: Sequence[float]) -> float:
    """How many standard deviations their ranks lie apart (Mann-Whitney U, normal approximation).

    About 1 for samples of one distribution, whatever it is; more than 5 hardly ever.
    """
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = sum(rank for rank, (_, is_one) in enumerate(ranked, 1) if is_one)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    return abs(u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
