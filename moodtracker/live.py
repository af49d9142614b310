"""Live boards: whoever has something open of a person's hears at once that it changed."""

import logging
from collections import defaultdict
from collections.abc import Callable
from threading import Lock

log = logging.getLogger(__name__)

Listener = Callable[[], None]


class Live:
    """Carries "this person's board or session changed" to open pages.

    Those of this process hear it at once, those of others by what :meth:`pass_on_by` is given.
    It carries no content: a listener reads what it needs, so that a message lost, doubled or late
    can only cost time. Safe to use from every thread; listeners are called in the teller's.
    """

    def __init__(self) -> None:
        """Begin with no listeners."""
        self._listeners: defaultdict[int, set[Listener]] = defaultdict(set)
        self._after_gap: set[Listener] = set()
        self._lock = Lock()
        self._pass_on: Callable[[int], None] = lambda _: None

    def follow(self, user_id: int, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` at each change of this person's; returns what ends that."""
        with self._lock:
            self._listeners[user_id].add(listener)

        def leave() -> None:
            with self._lock:
                self._listeners[user_id].discard(listener)
                if not self._listeners[user_id]:
                    del self._listeners[user_id]

        return leave

    def tell(self, user_id: int) -> None:
        """Let every listener of this person know that something changed, on every instance."""
        self.tell_here(user_id)
        self._pass_on(user_id)

    def pass_on_by(self, pass_on: Callable[[int], None]) -> None:
        """From now on let other instances know too, by calling ``pass_on``."""
        self._pass_on = pass_on

    def follow_gaps(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after each time in which changes may have gone unheard.

        Returns what ends that. Whose changes they were nobody knows: what is read anew then, is
        best read by and by.
        """
        with self._lock:
            self._after_gap.add(listener)

        def leave() -> None:
            with self._lock:
                self._after_gap.discard(listener)

        return leave

    def tell_of_gap(self) -> None:
        """Let this process know that changes made elsewhere may have gone unheard."""
        with self._lock:
            listeners = list(self._after_gap)
        _call(listeners)

    def tell_here(self, user_id: int) -> None:
        """Let every listener of this person in this process know."""
        with self._lock:
            listeners = list(self._listeners.get(user_id, ()))
        _call(listeners)


def _call(listeners: list[Listener]) -> None:
    for listener in listeners:
        try:
            listener()
        except Exception as error:
            # What changed is committed: neither its teller nor the other pages are to suffer.
            log.error("an open page could not be told (%s)", type(error).__name__)  # noqa: TRY400
