"""A connection to PostgreSQL that gives up on a server which acknowledges, but does not answer.

A server whose storage hangs, or whose processes stand still, keeps a kernel that goes on
acknowledging: neither ``tcp_user_timeout`` nor keepalives notice, and ``statement_timeout`` is kept
by the very server that stands still. So this side has to look at its own watch.
"""

from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout

Found = TypeVar("Found")


class Connection(psycopg.Connection[tuple[object, ...]]):
    """One on which nothing (statement, commit, rollback) is waited for longer than ``patience``.

    After that it is closed, and the wait ends with :class:`psycopg.OperationalError`: what became
    of the statement is not known. SQLAlchemy takes it for a lost connection, and makes all anew.
    """

    patience: float | None = None  # seconds; None waits for ever

    def wait(self, gen: PQGen[Found], interval: float = 0.1, timeout: float | None = None) -> Found:
        """As psycopg does for each exchange with the server; its own ``timeout`` goes first."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except _WaitTimeout:
            self.close()
            raise psycopg.OperationalError(
                f"no answer for {self.patience:g} seconds: the connection was closed"
            ) from None
