"""How much of something one person, one address, or everybody together may hold at once."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

Held = TypeVar("Held", bound=Hashable)
Groups = Mapping[str, int]  # the name of each group that something counts for, and its most


class Places(Generic[Held]):
    """What is held, oldest first, in each group that it counts for."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._groups: defaultdict[str, dict[Held, None]] = defaultdict(dict)
        self._groups_of: dict[Held, Groups] = {}

    def __len__(self) -> int:
        """How much is held."""
        return len(self._groups_of)

    def __contains__(self, held: Held) -> bool:
        """Whether it is held."""
        return held in self._groups_of

    def held_by(self, group: str) -> int:
        """How much a group holds."""
        return len(self._groups.get(group, ()))

    def has_room(self, groups: Groups) -> bool:
        """Whether none of these groups holds its most."""
        return all(self.held_by(name) < most for name, most in groups.items())

    def take(self, held: Held, groups: Groups) -> list[Held]:
        """Hold one more; returns the oldest that have to go for that, and are held no longer."""
        self._groups_of[held] = groups
        for name in groups:
            self._groups[name][held] = None
        gone: list[Held] = []
        for name, most in groups.items():
            while len(self._groups[name]) > most:
                oldest = next(iter(self._groups[name]))
                self.leave(oldest)
                gone.append(oldest)
        return gone

    def leave(self, held: Held) -> None:
        """Hold this no longer; nothing happens if it is not held."""
        for name in self._groups_of.pop(held, ()):
            del self._groups[name][held]
            if not self._groups[name]:
                del self._groups[name]
