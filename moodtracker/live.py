"""Live boards: whoever has something open of a person's hears at once that it changed."""

import logging
from collections import defaultdict
from collections.abc import Callable
from threading import Lock

from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

Listener = Callable[[], None]
_CHANGED = "whose changed"


def tell(session: Session, user_id: int) -> None:
    """Let everything that is open of this person know of what the session changes.

    To be said within :meth:`~moodtracker.database.Database.write`: other instances hear it by the
    very commit, this one right after it, and nobody hears of what was rolled back.
    """
    session.info.setdefault(_CHANGED, set()).add(user_id)


class Live:
    """Carries "this person's board or session changed" to open pages.

    Those of this process hear it after the commit, those of others by what :meth:`pass_on_by` is
    given. It carries no content: a listener reads what it needs, so that a message lost, doubled
    or late can only cost time. Safe to use from every thread; listeners are called in the teller's.
    """

    def __init__(self) -> None:
        """Begin with no listeners."""
        self._listeners: defaultdict[int, set[Listener]] = defaultdict(set)
        self._after_gap: set[Listener] = set()
        self._lock = Lock()
        self._pass_on: Callable[[Session, int], None] = lambda _session, _user_id: None

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

    def pass_on_by(self, pass_on: Callable[[Session, int], None]) -> None:
        """From now on let other instances know too, by what ``pass_on`` adds to the session."""
        self._pass_on = pass_on

    def pass_on(self, session: Session) -> set[int]:
        """Have the session's commit tell the other instances; returns whom this one is to tell."""
        changed: set[int] = session.info.get(_CHANGED, set())
        for user_id in sorted(changed):
            self._pass_on(session, user_id)
        return changed

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
