"""How long the torture lasts: short among all tests, at length by `make torture`."""

import os

_LENGTH = float(os.environ.get("MOODTRACKER_TORTURE", "1"))


def rounds(short: int) -> int:
    """So many times the ``short`` form as MOODTRACKER_TORTURE says, once at least."""
    return max(1, round(short * _LENGTH))
