"""Between instances: what changed on one reaches the open pages of the others.

PostgreSQL carries it (LISTEN and NOTIFY), so that several instances need nothing else. The notice
goes out with the commit of what it tells of, so that there is none of the two without the other,
whenever an instance dies. It does
not pass a pooler in transaction mode, nor a standby: DATABASE_URL should name the primary.
"""

import logging
import secrets
from threading import Event, Thread
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.orm import Session

from moodtracker.database import Database

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)

_CHANNEL = "moodtracker"
_LOOK_UP_SECONDS = 0.5  # how long stopping may take
_RETRY_SECONDS = 2.0
_NOTIFY = text("SELECT pg_notify(:channel, :words)")


class Instances:
    """Connects this process's :class:`~moodtracker.live.Live` with those of other processes."""

    def __init__(self, database: Database) -> None:
        """Pass on what is changed through ``database``; listen once started."""
        self._database = database
        self._live = database.live
        self._name = secrets.token_hex(8)
        self._stopping = Event()
        self._thread = Thread(target=self._listen, name="instances", daemon=True)
        self._live.pass_on_by(self._notify)

    def start(self) -> None:
        """Begin to listen to the others."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _notify(self, session: Session, user_id: int) -> None:
        """As a part of the change itself: PostgreSQL hands it over when that is committed."""
        session.execute(_NOTIFY, {"channel": _CHANNEL, "words": f"{self._name} {user_id}"})

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.own_connection() as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    self._live.tell_all_here()  # what happened before this was not heard
                    self._hear(connection)
            except Exception as error:
                log.warning("the other instances are out of hearing (%s)", type(error).__name__)
                self._stopping.wait(_RETRY_SECONDS)

    def _hear(self, connection: "Connection[object]") -> None:
        while not self._stopping.is_set():
            for notice in connection.notifies(timeout=_LOOK_UP_SECONDS):
                name, _, user_id = notice.payload.partition(" ")
                if name != self._name and user_id.isdigit():
                    self._live.tell_here(int(user_id))
