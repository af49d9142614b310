"""The database: SQLite for a home, PostgreSQL for many; the same code for both."""

import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from moodtracker import clock, foreign, migrations, postgresql, rights, sqlite_files
from moodtracker.database_trouble import DatabaseError, cause, told
from moodtracker.live import Live
from moodtracker.postgresql import Limits

if TYPE_CHECKING:  # loaded where PostgreSQL is used
    import psycopg

log = logging.getLogger(__name__)

_BUSY_SECONDS = 10
_READERS = 4
_OPENED = "the file that was opened"
_TRIES = 4
_BEFORE_NEXT_TRY = 0.05  # seconds, and four times as long before each further one
_BEFORE_NEXT_NOTE = 60.0  # seconds, after one that could not be written
_LONGEST_WAIT_TO_NOTE = 1.0  # seconds
# Held while a process migrates, so that several starting at once take turns (any constant does).
_MIGRATION_LOCK = 0x6D6F6F64

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Database:
    """One open database.

    Reading and writing have a pool each. On SQLite the writing pool holds a single connection:
    writers of this process wait for it in turn instead of meeting SQLite's lock, it alone makes
    checkpoints, and since it stays open a full disk cannot stop reading. Transactions that write
    begin as such (BEGIN IMMEDIATE), so that what they read is still true when they write.
    """

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        """Open ``url``; raises :class:`DatabaseError` where that cannot be.

        ``limits`` are for PostgreSQL; SQLite waits up to 10 seconds for its turn.
        """
        try:
            parsed = postgresql.address(url)
        except (ArgumentError, ValueError):
            raise DatabaseError(
                "The address of the database cannot be read: give sqlite:///FILE "
                "or postgresql://USER:PASSWORD@HOST:PORT/NAME."
            ) from None
        self.live = Live()  # hears of every change that is made through this database
        self._is_silent = False
        self._has_traces = False  # of deleted rows, in the log beside the file
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._noting = Lock()
        self._no_note_before: float | None = None  # uptime; None: the last one was written
        self._writing: Engine
        self._reading: Engine
        # For what must not wait until the pages have done with a connection: readiness, and hearing
        # of other instances. It is made when it is first used.
        self._apart: Engine
        if self.is_sqlite:
            file = Path(parsed.database or "")
            if refusal := rights.refusal(file) or sqlite_files.refusal(file):
                raise DatabaseError(refusal)
            self._writing = _sqlite_engine(url, connections=1, begin="BEGIN IMMEDIATE")
            self._reading = _sqlite_engine(url, connections=_READERS, begin="BEGIN")
            self._apart = _sqlite_engine(url, connections=1, begin="BEGIN")
        else:
            limits = limits or Limits()
            self._writing = postgresql.engine(parsed, limits)
            soon = replace(limits, connections=1, statement=limits.connect)
            self._apart = postgresql.engine(parsed, soon)
            self._reading = self._writing.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and changes nothing."""
        with Session(self._reading) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is committed at the end of the block, or rolled back on an exception.

        Whom :func:`moodtracker.live.tell` was told of hears of it with the commit.
        """
        changed: set[int] = set()
        try:
            with Session(self._writing) as session, session.begin():
                yield session
                changed = self.live.pass_on(session)
        finally:  # also where the commit's answer was lost: looking once too often does no harm
            for user_id in changed:
                self.live.tell_here(user_id)

    def note(self, write: Callable[[Session], None]) -> None:
        """Write what is only noted beside a read, and dropped where writing cannot be.

        The read goes on. A trouble is met once a minute at the most, and the log has one line
        when notes begin to be dropped, and one when they are written again.
        """
        if not self._noting.acquire(timeout=_LONGEST_WAIT_TO_NOTE):
            return  # another one waits for whoever holds the database
        try:
            if self._no_note_before is not None and clock.uptime() < self._no_note_before:
                return
            with self.write() as session:
                write(session)
        except (SQLAlchemyError, DatabaseError) as error:
            if self._no_note_before is None:
                log.warning("pages are read, but nothing can be noted: %s", told(error))
            self._no_note_before = clock.uptime() + _BEFORE_NEXT_NOTE
        else:
            if self._no_note_before is not None:
                log.info("what is noted beside reading is written again")
            self._no_note_before = None
        finally:
            self._noting.release()

    def repeat(self, act: Callable[[], Found]) -> Found:
        """Do ``act`` until it meets no passing trouble, up to four times within two seconds.

        Passing are a deadlock, a serialization failure, a connection that was lost. ``act`` has
        transactions of its own, and must change nothing more when it is done twice: the server
        may have died between its commit and its answer.
        """
        wait = _BEFORE_NEXT_TRY
        for _ in range(_TRIES - 1):
            try:
                return act()
            except DBAPIError as error:
                if not postgresql.is_passing(error):
                    raise
                log.info("tried again after a passing trouble (%s)", type(error.orig).__name__)
            time.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - no secret, two that met part
            wait *= 4
        return act()

    def migrate(self, revision: str = migrations.NEWEST) -> None:
        """Bring the schema up to ``revision``; a failed migration leaves the old state.

        Raises :class:`DatabaseError` where the database is out of reach, newer than this app, or
        none of ours.
        """
        try:
            found = self.revision()
            if refusal := self.refusal(found):
                raise DatabaseError(refusal)
            if found == revision:
                return
            if found is not None and not knows_revision(found):
                raise DatabaseError(
                    "The database was made by a newer version of Moodtracker; run that one, "
                    "or restore a backup from before the upgrade."
                )
            running = import_module("moodtracker.migrations.running")
            with (
                self._writing.connect() as connection,
                _fit_to_copy_tables(connection),
                connection.begin(),
            ):
                if not self.is_sqlite:
                    _wait_for_turn(connection)
                running.upgrade(connection, revision)
        except DBAPIError as error:
            raise DatabaseError(f"The database does not open: {cause(_first(error))}.") from None

    def is_ready(self) -> bool:
        """Whether the database answers and has the schema that this app expects.

        It is asked over a connection of its own, so that whatever keeps the pages' busy, or hangs
        there, does not delay the answer.
        """
        try:
            with Session(self._apart) as session:
                found = session.scalar(text("SELECT version_num FROM alembic_version"))
            self._is_silent = False
            return bool(found == newest_revision())
        except Exception as error:
            if not self._is_silent:  # else it was said before
                log.warning("the database does not answer: %s", type(error).__name__)
            self._is_silent = True
            return False

    def revision(self) -> str | None:
        """The revision of its schema, None where it has none yet."""
        with self.read() as session:
            if not inspect(session.connection()).has_table("alembic_version"):
                return None
            found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
        return found

    def refusal(self, found: str | None) -> str | None:
        """Why what is in it is not ours, or not whole, and the cure; None where it is, or empty.

        ``found`` is its :meth:`revision`.
        """
        if found is not None and not knows_revision(found):
            return None  # what a newer version has in it is not known
        with self.read() as session:
            return foreign.refusal(session, found, is_newest=found == newest_revision())

    def waits_for_upgrade(self) -> bool:
        """Whether its schema is an older one, which :meth:`migrate` would change."""
        try:
            found = self.revision()
        except DBAPIError:
            return False  # migrating will say what is wrong
        return found is not None and found != newest_revision() and knows_revision(found)

    def version(self) -> str:
        """The engine and its version, such as 'SQLite 3.40.1'."""
        if self.is_sqlite:
            return f"SQLite {sqlite3.sqlite_version}"
        with self.read() as session:
            return f"PostgreSQL {session.scalar(text('SHOW server_version'))}"

    @contextmanager
    def own_connection(self) -> "Iterator[psycopg.Connection[object]]":
        """A connection to PostgreSQL outside of the pools, where each statement is committed."""
        pooled = self._apart.raw_connection()
        connection = cast("psycopg.Connection[object]", pooled.driver_connection)
        pooled.detach()
        try:
            connection.autocommit = True
            yield connection
        finally:
            connection.close()

    def forget_deleted(self) -> None:
        """Leave nothing of deleted rows behind where this app can help it.

        SQLite overwrites them in the file (secure_delete), but the log beside it may hold older
        pages until it is emptied, which who reads may hinder: :meth:`forget_the_rest` then does it.
        PostgreSQL's VACUUM is its own business.
        """
        if self.is_sqlite:
            connection = self._writing.raw_connection()  # outside of any transaction
            try:
                emptied = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                self._has_traces = emptied is None or bool(emptied[0])
            finally:
                connection.close()

    def forget_the_rest(self) -> None:
        """Leave nothing behind of what could not be forgotten at once; called often."""
        if self._has_traces:
            self.forget_deleted()

    def close(self) -> None:
        """Close every connection."""
        for engine in (self._apart, self._reading, self._writing):
            engine.dispose()


class OnDatabase(Protocol):
    """What works with a database."""

    _database: Database


Owner = TypeVar("Owner", bound=OnDatabase)


def repeated(
    method: Callable[Concatenate[Owner, Given], Found],
) -> Callable[Concatenate[Owner, Given], Found]:
    """Have a method done again after a passing trouble, see :meth:`Database.repeat`."""

    @wraps(method)
    def repeating(self: Owner, /, *args: Given.args, **kwargs: Given.kwargs) -> Found:
        return self._database.repeat(lambda: method(self, *args, **kwargs))

    return repeating


def newest_revision() -> str:
    """The revision of the schema that this version of the app expects."""
    return migrations.NEWEST


def knows_revision(revision: str) -> bool:
    """Whether a schema of this revision can be brought up to date; a newer version's cannot."""
    return revision in migrations.REVISIONS


def _first(error: DBAPIError) -> DBAPIError:
    """What went wrong first: cleaning up after it may have gone wrong as well."""
    first, earlier = error, error.__context__
    while earlier is not None:
        first = earlier if isinstance(earlier, DBAPIError) else first
        earlier = earlier.__context__
    return first


def _wait_for_turn(connection: Connection) -> None:
    """Be the only one to migrate, for as long as it takes: a large table has no time limit."""
    postgresql.take_off_limits(connection)
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))


@contextmanager
def _fit_to_copy_tables(connection: Connection) -> Iterator[None]:
    """Let SQLite's tables be copied, which is how Alembic changes them.

    With foreign keys on, dropping the old one would take rows with it. And what SQLite puts aside
    for a way back is as large as the table: here alone it goes to files, without a name and in the
    database's own folder, since memory may be too small and no other folder there to be written.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    pragma = connection.connection.cursor().execute
    folder = Path(connection.engine.url.database or "").absolute().parent
    quoted = str(folder).replace("'", "''")
    # All before the transaction, inside of which they are ignored or refused.
    pragma("PRAGMA foreign_keys = OFF")
    pragma(f"PRAGMA temp_store_directory = '{quoted}'")
    pragma("PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        pragma("PRAGMA temp_store = MEMORY")
        pragma("PRAGMA foreign_keys = ON")


def _sqlite_engine(url: str, *, connections: int, begin: str) -> Engine:
    engine = create_engine(url, pool_size=connections, max_overflow=0, pool_timeout=_BUSY_SECONDS)
    file = Path(engine.url.database or "")

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, record: Any) -> None:
        record.info[_OPENED] = _identity(file)
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        _use_write_ahead_log(connection)
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
            # Not in files: where only DATA_DIR can be written there is no place for them, and what
            # is deleted of them would stay on the disk as it was, moods and all.
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Any) -> None:
        # A file that was removed or replaced lives on for whoever has it open, and what is
        # written there is lost with the process.
        if _identity(file) != connection.info[_OPENED]:
            raise DatabaseError(
                f"{file} was removed or replaced while Moodtracker runs: stop it, put the file "
                "back, and start it again."
            )
        connection.exec_driver_sql(begin)

    return engine


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file it is, whatever it is called; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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
