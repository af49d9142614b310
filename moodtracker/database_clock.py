"""The database's clock: the one that counts where several instances share a database (D3, Y9).

Clocks of machines differ, by minutes where one of them is not kept. What today is for a person,
for what they write and for what they see, is told by the clock of PostgreSQL at the moment at
which they are read or locked (:data:`present`), so that all instances agree to the microsecond.
For all else, ``clock.now()`` of each process follows that clock (:class:`DatabaseClock`). A home's
SQLite has no clock but the machine's own.
"""

import logging
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel.sql.sqltypes import UTCDateTime

from moodtracker import clock
from moodtracker.database import Database

log = logging.getLogger(__name__)

_EVERY_SECONDS = 10.0

# An answer that took longer says too little; the next one will do.
_SLOWEST_ANSWER = timedelta(seconds=1)
# Less than that is the answer's own way through a busy machine.
_SMALLEST_STEP = timedelta(milliseconds=50)


class _Present(FunctionElement[datetime]):
    type = UTCDateTime()
    inherit_cache = True


# The moment at which a row is put out, where the database has a clock of its own; else NULL.
# Not now(), which on PostgreSQL is when the transaction began.
present = _Present()


@compiles(_Present, "postgresql")
def _of_server(_element: _Present, _compiler: Any, **_how: Any) -> str:
    return "clock_timestamp()"


@compiles(_Present, "sqlite")
def _of_machine(_element: _Present, _compiler: Any, **_how: Any) -> str:
    return "NULL"


class DatabaseClock:
    """Keeps this process's ``clock.now()`` at what the database's clock shows."""

    def __init__(self, database: Database) -> None:
        """Follow the clock of ``database``, which is PostgreSQL; again and again once started."""
        self._database = database
        self._stopping = Event()
        self._thread = Thread(target=self._keep_up, name="database clock", daemon=True)

    def start(self) -> None:
        """Begin to look every few seconds."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()

    def follow(self) -> None:
        """Look at the database's clock once, and correct this process's by it."""
        with self._database.read() as session:
            session.connection()  # which may have to be made first
            before = clock.of_machine()
            shown: datetime = session.scalars(select(present)).one()
            after = clock.of_machine()
        if not timedelta(0) <= after - before <= _SLOWEST_ANSWER:
            return
        ahead = shown - (before + (after - before) / 2)
        if abs(ahead - clock.correction()) < _SMALLEST_STEP:
            return
        clock.correct(ahead)
        if abs(ahead) > _SLOWEST_ANSWER:
            log.warning(
                "this machine's clock is %.0f s %s the database's, which counts",
                abs(ahead).total_seconds(),
                "behind" if ahead > timedelta(0) else "ahead of",
            )

    def _keep_up(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            try:
                self.follow()
            except Exception as error:
                log.debug("the database's clock was not seen (%s)", type(error).__name__)
