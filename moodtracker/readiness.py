"""Whether this process can serve, known at any moment without asking the database then."""

import time
from threading import Event, Thread

from moodtracker.database import Database

_EVERY_SECONDS = 0.5
# A good answer is good for so long; the database is silent where none has come since.
_LASTS_SECONDS = 5.0


class Readiness:
    """Asks the database twice a second, in a thread and over a connection of its own.

    So the answer to a balancer waits for nothing that people wait for; were it to stand in the
    same queue, a busy instance would be taken for a dead one, and its pages would come to the next.
    """

    def __init__(self, database: Database) -> None:
        """Look at ``database`` once started; until then it is not ready."""
        self._database = database
        self._good_until = time.monotonic()
        self._stopping = Event()
        self._thread = Thread(target=self._look, name="readiness", daemon=True)

    def is_ready(self) -> bool:
        """Whether the database answered well at the last look, a few seconds ago at the most."""
        return time.monotonic() < self._good_until

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_EVERY_SECONDS)  # a database that hangs may be left to it

    def _look(self) -> None:
        while not self._stopping.is_set():
            asked_at = time.monotonic()
            self._good_until = asked_at + _LASTS_SECONDS * self._database.is_ready()
            self._stopping.wait(_EVERY_SECONDS)
