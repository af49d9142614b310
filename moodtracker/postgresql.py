"""PostgreSQL: how it is reached, how long anything there may take, what may be tried again."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

# SQLSTATEs (PostgreSQL, Appendix A) after which nothing was done, and the same may go well again:
# serialization failure, deadlock, a lock not had in time; the server is going, starting, or has
# become a standby (a read-only transaction).
_PASSING = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "25006"}
_CONNECTION = "08"  # the class of connection exceptions

# libpq takes several hosts in an address's middle, SQLAlchemy only as parameters.
_HOSTS = re.compile(r"(?P<scheme>[^:]+)://(?P<login>[^@/?]*@)?(?P<hosts>[^/?]*,[^/?]*)(?P<rest>.*)")
_PRIMARY = "read-write"
# After the server's own limit, within which its answer, that it is over, should have come.
_GRACE_SECONDS = 5


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
    made = create_engine(
        url,
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.lock,
        pool_pre_ping=True,
        connect_args=arguments | given,
    )
    _give_patience(made, limits)
    return made


def _give_patience(engine: Engine, limits: Limits) -> None:
    """Have its connections give up on a server that hangs, soon where it only has to say a word."""
    from moodtracker.postgresql_connection import Connection as Patient  # noqa: PLC0415 - loads psycopg

    at_work, at_rest = limits.statement + _GRACE_SECONDS, _GRACE_SECONDS

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, words: Any, named: Any) -> Patient:
        connection = Patient.connect(*words, **named)
        connection.patience = at_work
        return connection

    @event.listens_for(engine, "checkout")
    def put_to_work(connection: Patient, *_: object) -> None:
        connection.patience = at_work

    @event.listens_for(engine, "checkin")
    def put_to_rest(connection: Patient | None, *_: object) -> None:
        if connection is not None:
            connection.patience = at_rest  # for the ping before its next use


def take_off_limits(connection: Connection) -> None:
    """Let the transaction that has begun on it last as long as it takes, as for a large table."""
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET LOCAL {limit} = 0"))
    connection.connection.driver_connection.patience = None  # type: ignore[union-attr]


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
