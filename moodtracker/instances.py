"""Between instances: what changed on one reaches the open pages of the others.

PostgreSQL carries it (LISTEN and NOTIFY), so that several instances need nothing else. The notice
goes out with the commit of what it tells of, so that there is none of the two without the other,
whenever an instance dies. It does not pass a pooler in transaction mode, nor a standby:
DATABASE_URL should name the primary. Each instance notifies itself now and then, and expects to
hear it: so it notices a server that hangs, and a pooler that takes LISTEN and brings nothing.
"""

import logging
import secrets
import time
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
_PULSE_SECONDS = 5.0  # how often it notifies itself, and how soon it has to hear that
# Not worth a replica's acknowledgement, which would keep it waiting where the replica is away.
_PULSE = "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)"


class OutOfHearing(Exception):  # noqa: N818 - the state it is in
    """What this process says to itself by way of the database does not come back."""

    def __str__(self) -> str:
        """What helps."""
        return (
            "PostgreSQL answers, but brings no notice: a pooler in transaction mode may stand in "
            "between; name PostgreSQL itself in MOODTRACKER_DATABASE_URL"
        )


class Instances:
    """Connects this process's :class:`~moodtracker.live.Live` with those of other processes."""

    def __init__(self, database: Database) -> None:
        """Pass on what is changed through ``database``; listen once started."""
        self._database = database
        self._live = database.live
        self._name = secrets.token_hex(8)
        self._trouble: str | None = None  # that was told last
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
                    self._hear(connection)
            except OutOfHearing as trouble:
                self._warn(str(trouble))
            except Exception as error:
                self._warn(type(error).__name__)
            self._stopping.wait(_RETRY_SECONDS)

    def _hear(self, connection: "Connection[object]") -> None:
        """Hear until told to stop; raises :class:`OutOfHearing` where an own word is not heard."""
        hears = False
        said_at = heard_at = -_PULSE_SECONDS
        while not self._stopping.is_set():
            now = time.monotonic()
            if heard_at >= said_at and now >= said_at + _PULSE_SECONDS:
                connection.execute(_PULSE, (_CHANNEL, f"{self._name} pulse"))
                # Again, so that pg_stat_activity says what this connection is there for.
                connection.execute(f"LISTEN {_CHANNEL}")
                said_at = now
            elif heard_at < said_at < now - _PULSE_SECONDS:
                raise OutOfHearing
            for notice in connection.notifies(timeout=_LOOK_UP_SECONDS):
                name, _, user_id = notice.payload.partition(" ")
                if name == self._name:
                    heard_at = time.monotonic()
                elif user_id.isdigit():
                    self._live.tell_here(int(user_id))
            if not hears and heard_at >= said_at:
                hears, self._trouble = True, None
                self._live.tell_of_gap()  # what happened before this was not heard

    def _warn(self, trouble: str) -> None:
        if trouble != self._trouble:  # else it was said before
            log.warning("the other instances are out of hearing (%s)", trouble)
        self._trouble = trouble
