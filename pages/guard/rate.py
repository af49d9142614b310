"""How fast somebody may speak: a token bucket."""

import time
from collections.abc import Callable
from functools import partial
from typing import Generic, Protocol, TypeVar

_MANY = 1000  # where there are more, those are forgotten that rest


class Rate:
    """So many at once, and so many a second after that."""

    def __init__(self, at_once: float, per_second: float) -> None:
        """Begin rested."""
        self._most = at_once
        self._per_second = per_second
        self._left = at_once
        self._looked = time.monotonic()

    @property
    def is_rested(self) -> bool:
        """Whether all is left, as in the beginning."""
        self._fill()
        return self._left == self._most

    def allows_one_more(self) -> bool:
        """Count one, if it is not one too many."""
        return self.allows(1)

    def allows(self, more: int) -> bool:
        """Count ``more``, if they are not too many."""
        self._fill()
        if self._left < more:
            return False
        self._left -= more
        return True

    def _fill(self) -> None:
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._looked) * self._per_second)
        self._looked = now


class _Resting(Protocol):
    @property
    def is_rested(self) -> bool: ...


Kept = TypeVar("Kept", bound=_Resting)


class OfEach(Generic[Kept]):
    """One rate or budget for each of many; those that rest are forgotten."""

    def __init__(self, is_in_use: Callable[[str], object] = lambda _holder: False) -> None:
        """Begin with none; those of holders that it ``is_in_use`` by are kept."""
        self._is_in_use = is_in_use
        self._kept: dict[str, Kept] = {}
        self._many = _MANY

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def of(self, holder: str, make: Callable[[], Kept]) -> Kept:
        """A holder's own, made where there is none."""
        if holder not in self._kept:
            if len(self._kept) >= self._many:
                self._forget_rested()
            self._kept[holder] = make()
        return self._kept[holder]

    def _forget_rested(self) -> None:
        self._kept = {
            holder: kept
            for holder, kept in self._kept.items()
            if self._is_in_use(holder) or not kept.is_rested
        }
        self._many = max(_MANY, 2 * len(self._kept))


class Rates:
    """One rate for each of many, all alike."""

    def __init__(self, at_once: float, per_second: float) -> None:
        """Begin with none."""
        self._make = partial(Rate, at_once, per_second)
        self._rates: OfEach[Rate] = OfEach()

    def allows_one_more(self, holder: str) -> bool:
        """Count one for ``holder``, if it is not one too many."""
        return self._rates.of(holder, self._make).allows_one_more()


class Budget:
    """What one session, or the strangers of one address, may say over all their sockets."""

    def __init__(self, *, is_stranger: bool = True) -> None:
        """Begin rested.

        A page says something every few seconds, and more at each tap. After an outage it hands
        over all the taps that it kept, with a note of up to 1.5 kB each.
        """
        self.messages = Rate(240, 40)
        # Control frames as well, which are answered below all that looks at messages.
        self.frames = Rate(480, 80)
        self.bytes = Rate(64 * 1024, 8 * 1024) if is_stranger else Rate(512 * 1024, 32 * 1024)

    @property
    def is_rested(self) -> bool:
        """Whether nothing was said of late."""
        return self.messages.is_rested and self.frames.is_rested and self.bytes.is_rested
