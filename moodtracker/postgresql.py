"""PostgreSQL: how it is reached, how long anything there may take, what may be tried again."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError

# SQLSTATEs (PostgreSQL, Appendix A) after which nothing was done, and the same may go well again:
# serialization failure, deadlock, a lock not had in time; the server is going, starting, or has
# become a standby (a read-only transaction).
_PASSING = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "25006"}
_CONNECTION = "08"  # the class of connection exceptions

# libpq takes several hosts in an address's middle, SQLAlchemy only as parameters.
_HOSTS = re.compile(r"(?P<scheme>[^:]+)://(?P<login>[^@/?]*@)?(?P<hosts>[^/?]*,[^/?]*)(?P<rest>.*)")
_PRIMARY = "read-write"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may take of the database, and how many seconds anything there may last."""

    connections: int = 10
    connect: int = 3
    statement: int = 15
    lock: int = 5
    idle: int = 30


def address(text: str) -> URL:
    """The address for SQLAlchemy; of several hosts the one that can be written to is used.

    Raises ValueError or :class:`~sqlalchemy.exc.ArgumentError` where it cannot be read.
    """
    several = _HOSTS.fullmatch(text)
    if several is None:
        url = make_url(text)
        if isinstance(url.query.get("host"), tuple):
            url = _of_primary(url)
        return url
    url = make_url(f"{several['scheme']}://{several['login'] or ''}{several['rest']}")
    hosts = tuple(
        host if re.search(r":\d+$", host) else f"{host}:5432"
        for host in several["hosts"].split(",")
    )
    return _of_primary(url.update_query_dict({"host": hosts}))


def engine(url: URL, limits: Limits) -> Engine:
    """An engine whose connections have these limits, and notice a server that has vanished."""
    seconds = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    arguments: dict[str, Any] = {
        "connect_timeout": limits.connect,
        "options": " ".join(f"-c {name}={value}s" for name, value in seconds.items()),
        "application_name": "moodtracker",
        # A server that has lost its power says nothing: it is asked after 5 quiet seconds, and
        # what it does not acknowledge ends the connection after 10.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
    given = {name: value for name, value in url.query.items() if name in arguments}
    return create_engine(
        url,
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.lock,
        pool_pre_ping=True,
        connect_args=arguments | given,
    )


def is_passing(error: BaseException) -> bool:
    """Whether the same transaction, begun anew, may go well: it was undone, or its end is unknown.

    Only what changes nothing when it happens twice may be tried again after that.
    """
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state in _PASSING or state.startswith(_CONNECTION)


def _of_primary(url: URL) -> URL:
    return url.update_query_dict({"target_session_attrs": _PRIMARY} | dict(url.query))
