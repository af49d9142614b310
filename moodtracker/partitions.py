"""Hash partitions: PostgreSQL's own way to keep one table in several pieces, by person.

Every table that grows has ``user_id`` first in its keys, so that a person's rows lie together and
each statement about a person finds them in one piece. Nothing else in the app knows of it. (Citus
spreads the same tables over servers by the same column.)
"""

import logging

from sqlalchemy import Connection, text

from moodtracker import postgresql
from moodtracker.database import Database

log = logging.getLogger(__name__)

PARTS = 16
# What a person's life grows. Throttles, invitations, counts and troubles stay few: all are
# forgotten.
TABLES = ("entries", "acts", "sessions", "sealed_years", "links", "messages", "audit")


class SplitError(Exception):
    """The tables stay as they are; the text says why."""


def split(database: Database, parts: int = PARTS) -> list[str]:
    """Turn each of these tables into hash partitions by person; returns which ones were.

    One transaction, in which nobody else gets at the tables; what is split already stays. It has
    no time limit: a million rows take some seconds. Raises :class:`SplitError`.
    """
    if database.is_sqlite:
        raise SplitError("SQLite has no partitions; they are for PostgreSQL.")
    done = []
    with database.write() as session:
        connection = session.connection()
        postgresql.take_off_limits(connection)
        for table in TABLES:
            connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            if not _is_split(connection, table):
                _split(connection, table, parts)
                done.append(table)
    return done


def sizes(database: Database) -> dict[str, list[int]]:
    """About how many rows each piece of each split table holds, as PostgreSQL last counted."""
    with database.read() as session:
        rows = session.execute(
            text(
                "SELECT p.relname, greatest(c.reltuples, 0)::bigint FROM pg_inherits"
                " JOIN pg_class c ON c.oid = inhrelid JOIN pg_class p ON p.oid = inhparent"
                " WHERE p.relkind = 'p' AND p.relnamespace = current_schema()::regnamespace"
                " ORDER BY p.relname, c.relname"
            )
        ).all()
    found: dict[str, list[int]] = {}
    for table, size in rows:
        found.setdefault(table, []).append(size)
    return found


def _is_split(connection: Connection, table: str) -> bool:
    kind = connection.scalar(
        text("SELECT relkind FROM pg_class WHERE oid = CAST(:table AS regclass)"), {"table": table}
    )
    return bool(kind == "p")


def _split(connection: Connection, table: str, parts: int) -> None:
    """Put a table of pieces in the place of the one, with its rows, keys, checks and indexes."""
    run = connection.exec_driver_sql
    constraints = connection.execute(
        text(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = CAST(:table AS regclass) AND contype IN ('p', 'u', 'f')"
            " ORDER BY contype DESC"
        ),
        {"table": table},
    ).all()
    indexes = connection.scalars(
        text(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = CAST(:table AS regclass) AND indexrelid NOT IN"
            " (SELECT conindid FROM pg_constraint WHERE conrelid = CAST(:table AS regclass))"
        ),
        {"table": table},
    ).all()
    run(f"ALTER TABLE {table} RENAME TO whole_{table}")
    run(
        f"CREATE TABLE {table} (LIKE whole_{table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        " PARTITION BY HASH (user_id)"
    )
    for number in range(parts):
        run(
            f"CREATE TABLE {table}_{number:02d} PARTITION OF {table}"
            f" FOR VALUES WITH (MODULUS {parts}, REMAINDER {number})"
        )
    run(f"INSERT INTO {table} SELECT * FROM whole_{table}")  # noqa: S608 - names of TABLES alone
    run(f"DROP TABLE whole_{table}")  # and with it what bore the names that are needed now
    for name, definition in constraints:
        run(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for definition in indexes:
        run(definition)
    log.info("%s is in %d parts now", table, parts)
