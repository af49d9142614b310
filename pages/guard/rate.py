"""How fast somebody may speak: a token bucket."""

import time


class Rate:
    """So many at once, and so many a second after that."""

    def __init__(self, at_once: float, per_second: float) -> None:
        """Begin rested."""
        self._most = at_once
        self._per_second = per_second
        self._left = at_once
        self._looked = time.monotonic()

    def allows_one_more(self) -> bool:
        """Count one, if it is not one too many."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._looked) * self._per_second)
        self._looked = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
