"""The database: SQLite for a home, PostgreSQL for many; the same code for both."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 10
_READERS = 4
# Held while a process migrates, so that several starting at once take turns (any constant does).
_MIGRATION_LOCK = 0x6D6F6F64


class DatabaseError(Exception):
    """The database cannot be used; the text says why and what helps."""


class Database:
    """One open database.

    Reading and writing have a pool each. On SQLite the writing pool holds a single connection:
    writers of this process wait for it in turn instead of meeting SQLite's lock, it alone makes
    checkpoints, and since it stays open a full disk cannot stop reading. Transactions that write
    begin as such (BEGIN IMMEDIATE), so that what they read is still true when they write.
    """

    def __init__(self, url: str) -> None:
        """Open ``url``; raises :class:`DatabaseError` where that cannot be."""
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise DatabaseError(
                "The address of the database cannot be read: give sqlite:///FILE "
                "or postgresql://USER:PASSWORD@HOST:PORT/NAME."
            ) from None
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._writing: Engine
        self._reading: Engine
        if self.is_sqlite:
            _make_folder(Path(parsed.database or ""))
            self._writing = _sqlite_engine(url, connections=1, begin="BEGIN IMMEDIATE")
            self._reading = _sqlite_engine(url, connections=_READERS, begin="BEGIN")
        else:
            self._writing = create_engine(url, pool_pre_ping=True)
            self._reading = self._writing.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and changes nothing."""
        with Session(self._reading) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is committed at the end of the block, or rolled back on an exception."""
        with Session(self._writing) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the schema up to date; a failed migration leaves the old state.

        Raises :class:`DatabaseError` where the database is out of reach, or newer than this app.
        """
        try:
            with self._writing.begin() as connection:
                if not self.is_sqlite:
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
                command.upgrade(_alembic(connection), "head")
        except DBAPIError as error:
            raise DatabaseError(f"The database does not open: {_reason(error)}") from None
        except CommandError:
            raise DatabaseError(
                "The database was made by a newer version of Moodtracker; run that one, "
                "or restore a backup from before the upgrade."
            ) from None

    def is_ready(self) -> bool:
        """Whether the database answers and has the schema that this app expects."""
        expected = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
        try:
            with self.read() as session:
                found = session.scalar(text("SELECT version_num FROM alembic_version"))
                return bool(found == expected)
        except Exception as error:
            log.warning("the database does not answer: %s", type(error).__name__)
            return False

    def version(self) -> str:
        """The engine and its version, such as 'SQLite 3.40.1'."""
        if self.is_sqlite:
            return f"SQLite {sqlite3.sqlite_version}"
        with self.read() as session:
            return f"PostgreSQL {session.scalar(text('SHOW server_version'))}"

    def forget_deleted(self) -> None:
        """Leave nothing of deleted rows behind where this app can help it.

        SQLite overwrites them in the file (secure_delete), but the log beside it may hold older
        pages until it is emptied. PostgreSQL's VACUUM is its own business.
        """
        if self.is_sqlite:
            connection = self._writing.raw_connection()  # outside of any transaction
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def close(self) -> None:
        """Close every connection."""
        self._reading.dispose()
        self._writing.dispose()


def _alembic(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _sqlite_engine(url: str, *, connections: int, begin: str) -> Engine:
    engine = create_engine(url, pool_size=connections, max_overflow=0, pool_timeout=_BUSY_SECONDS)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        _use_write_ahead_log(connection)
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL where it is not: the one statement that ignores busy_timeout."""
    if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
        return
    for _ in range(_BUSY_SECONDS * 20):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(1 / 20)  # another process is making the database at this moment
        else:
            return


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"The folder {file.parent} cannot be made ({error.strerror}): "
            "make it writable for the user that runs Moodtracker, or set MOODTRACKER_DATA_DIR."
        ) from None


def _reason(error: DBAPIError) -> str:
    """The driver's own sentence, which names host or file but no password and no row."""
    return str(error.orig).strip().splitlines()[0]
