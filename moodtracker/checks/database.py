"""The database: does it open, is it whole, does its schema fit this version, what is stuck."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.exc import DBAPIError

from moodtracker.checks.finding import Finding
from moodtracker.database import Database, knows_revision, newest_revision
from moodtracker.database_trouble import DatabaseError, reason
from moodtracker.settings import Settings
from moodtracker.sqlite_faults import has_wal_reset_race

_SUBJECT = "database"
_KNOWN_FAULT = (
    " This SQLite may damage a file that two programs write at once (mended in 3.51.3, 3.50.7 and "
    "3.44.6): Moodtracker alone is safe, let no other program write to it."
)


def look(config: Settings) -> Iterator[Finding]:
    """Whether it can be used."""
    file = config.database_file
    if file is not None:
        if not file.is_file():
            yield Finding.ok(_SUBJECT, f"{file} is not there yet; the first start makes it.")
            return
        damage = _damage(file)
        if damage:
            yield Finding.fault(
                _SUBJECT,
                f"{file} is damaged or no database: {damage}.",
                "Stop Moodtracker, and restore the newest backup: moodtracker restore FILE.",
            )
            return
    try:
        database = Database(config.database_url)
    except DatabaseError as error:
        yield Finding.fault(_SUBJECT, str(error), "Set MOODTRACKER_DATABASE_URL.")
        return
    try:
        yield _schema(database)
    except DBAPIError as error:
        yield Finding.fault(
            _SUBJECT,
            f"It does not open: {reason(error)}",
            "Is the server running, and are its name, user and password right?",
        )
    finally:
        database.close()


@contextmanager
def usable(config: Settings) -> Iterator[Database | None]:
    """The database, for those who look into it; None where it cannot be read as it stands."""
    file = config.database_file
    if file is not None and not file.is_file():
        yield None
        return
    try:
        database = Database(config.database_url)
    except DatabaseError:
        yield None
        return
    try:
        yield database if database.is_ready() else None
    finally:
        database.close()


def _schema(database: Database) -> Finding:
    found = database.revision()
    version = database.version()
    if refusal := database.refusal(found):
        words, _, cure = refusal.partition(": ")
        return Finding.fault(_SUBJECT, words + ".", cure[0].upper() + cure[1:])
    if found is None:
        return Finding.ok(_SUBJECT, f"{version}; empty, the first start makes its tables.")
    if not knows_revision(found):
        return Finding.fault(
            _SUBJECT,
            "It was made by a newer version of Moodtracker.",
            "Run that version, or restore a backup from before the upgrade.",
        )
    if found != newest_revision():
        return Finding.warning(
            _SUBJECT,
            f"{version}; its schema is {found}, this version uses {newest_revision()}.",
            "Start Moodtracker: it makes a backup and upgrades it.",
        )
    known = _KNOWN_FAULT if database.is_sqlite and has_wal_reset_race() else ""
    return Finding.ok(_SUBJECT, f"{version}, schema {found}, up to date.{known}")


def _damage(file: Path) -> str:
    """What SQLite finds wrong with the file, nothing where it is whole."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True)
        ) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else " ".join(found.split())
