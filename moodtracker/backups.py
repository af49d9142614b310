"""Backups of the SQLite file: made while the app runs, checked, and forgotten in their turn."""

import logging
import os
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import quote

from moodtracker import clock, sqlite_files
from moodtracker.database import knows_revision
from moodtracker.database_trouble import DatabaseError

log = logging.getLogger(__name__)

_PATTERN = "moodtracker-20??-??-??*.db"
_BUSY_SECONDS = 10

# Whether the backup still holds moods of a year that the server has erased since (Y5).
_HOLDS_FORGOTTEN = """
SELECT EXISTS (
    SELECT 1 FROM live.sealed_years AS erased
    WHERE erased.erased_at IS NOT NULL AND (
        EXISTS (
            SELECT 1 FROM main.sealed_years AS kept
            WHERE kept.user_id = erased.user_id AND kept.year = erased.year
                AND kept.moods IS NOT NULL)
        OR EXISTS (
            SELECT 1 FROM main.entries AS kept
            WHERE kept.user_id = erased.user_id
                AND CAST(strftime('%Y', kept.day) AS INTEGER) = erased.year)))
"""

# '0000-12-31' comes out of date() as it went in, and is no day.
_LATEST_DAY = "SELECT max(day) FROM entries WHERE day IS date(day) AND day >= '0001-01-01'"


class BackupError(Exception):
    """A backup cannot be made or used; the text says why and what helps."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was opened and found whole: what it holds."""

    file: Path
    people: int
    moods: int
    closed_years: int
    revision: str
    latest_day: date | None

    def __str__(self) -> str:
        """What it holds, in words."""
        return f"people {self.people}, moods {self.moods}, closed years {self.closed_years}"


def take(source: Path, target: Path) -> Backup:
    """Write what ``source`` holds at this moment to ``target``, which may be in use meanwhile.

    Everything that was committed before the call is in it; nothing that was deleted is. The
    copy is opened and checked before it gets its name. Raises :class:`BackupError`, also where
    there is a file of that name already.
    """
    if not source.is_file():
        raise BackupError(f"There is no database {source} to back up.")
    if target.exists():
        raise BackupError(f"{target} is there already; give another name.")
    staged = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        staged.touch(mode=0o600, exist_ok=False)
        with closing(_open(source)) as connection:
            connection.execute("VACUUM INTO ?", (str(staged),))
        found = look_at(staged)
        flush(staged)
        staged.replace(target)
        flush(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"The backup {target} cannot be made: {_reason(error)}") from None
    finally:
        staged.unlink(missing_ok=True)
    return replace(found, file=target)


def look_at(file: Path) -> Backup:
    """Open a backup, check that it is whole, and count what it holds.

    Raises :class:`BackupError` where it is no backup of Moodtracker, damaged, or from a newer
    version.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    try:
        with closing(_open_backup(file)) as connection:
            # A row that is older than a rule, and breaks it, is no reason to be without a backup.
            connection.execute("PRAGMA ignore_check_constraints = ON")
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise BackupError(f"{file} is damaged; take another backup.")
            revision = str(_one(connection, "SELECT version_num FROM alembic_version"))
            latest = _one(connection, _LATEST_DAY)
            found = Backup(
                file,
                int(str(_one(connection, "SELECT count(*) FROM users"))),
                int(str(_one(connection, "SELECT count(*) FROM entries"))),
                int(str(_one(connection, "SELECT count(*) FROM sealed_years"))),
                revision,
                date.fromisoformat(str(latest)) if latest else None,
            )
    except sqlite3.OperationalError as error:
        raise BackupError(f"{file} is no backup of Moodtracker: {error}.") from None
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{file} is damaged or no database: {error}.") from None
    if not knows_revision(revision):
        raise BackupError(
            f"{file} was made by a newer version of Moodtracker; restore it with that one."
        )
    return found


class Backups:
    """The daily backups of one SQLite file, in a folder of their own."""

    def __init__(self, source: Path, folder: Path, keep: int) -> None:
        """Keep the newest ``keep`` of them; 0 makes none."""
        self._source = source
        self._folder = folder
        self._keep = keep

    @property
    def is_on(self) -> bool:
        """Whether backups are made."""
        return self._keep > 0

    def keep_up(self) -> None:
        """Make today's backup if there is none yet, then drop the old: called every hour."""
        try:
            if self.is_on and not self.file_of_today().exists():
                self._make("")
        except BackupError as error:
            log.error("no backup was made: %s", error)  # noqa: TRY400 - its words are all there is
            return
        self.drop_old()

    def before(self, what: str) -> Path | None:
        """Make a backup because ``what`` comes next ('upgrade'); None where backups are off.

        The first one of a day is kept: a start that fails again and again must not push out the
        others.
        """
        if not self.is_on or not self._source.is_file():
            return None
        suffix = f"-before-{what}"
        there = self.file_of_today(suffix)
        return there if there.exists() else self._make(suffix)

    def drop_old(self) -> None:
        """Delete all but the newest, and each that holds a year which the server has forgotten."""
        files = self.all()
        surplus = set(files[self._keep :]) if self.is_on else set()
        for file in files:
            if file in surplus or self._holds_forgotten(file):
                for part in (*sqlite_files.beside(file), file):
                    part.unlink(missing_ok=True)
                log.info("the backup %s was dropped", file.name)

    def all(self) -> list[Path]:
        """The backups that are there, newest first."""
        return sorted(self._folder.glob(_PATTERN), reverse=True)

    def refuse_empty_beside_them(self) -> None:
        """Raise :class:`DatabaseError` where backups are there, and the database is gone.

        An empty one would start as a new server, on which the next to come is the administrator.
        """
        if (there := self.all()) and not _holds_anything(self._source):
            raise DatabaseError(
                f"The database {self._source} is missing or empty, but there are backups of it. "
                f"Put the newest back with `moodtracker restore {there[0]}`, or move the backups "
                "elsewhere to start anew."
            )

    def refuse_new_beside_people(self) -> None:
        """Raise :class:`DatabaseError` where backups have people, whom the database never knew."""
        for file in self.all():
            if _has_people(file):
                raise DatabaseError(
                    f"The database {self._source} is a new one, but there are backups with people "
                    f"in them. Put the newest back with `moodtracker restore {file} --overwrite`, "
                    "or move the backups elsewhere to start anew."
                )

    def _make(self, suffix: str) -> Path:
        self.make_folder()
        found = take(self._source, self.file_of_today(suffix))
        log.info("the backup %s was made", found.file.name)
        return found.file

    def make_folder(self) -> None:
        """Have the folder there; raises :class:`BackupError` where it cannot be made."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BackupError(
                f"The folder {self._folder} cannot be made: {_reason(error)}"
            ) from None

    def file_of_today(self, suffix: str = "") -> Path:
        """Where today's backup is or will be."""
        return self._folder / f"moodtracker-{clock.now():%Y-%m-%d}{suffix}.db"

    def _holds_forgotten(self, file: Path) -> bool:
        try:
            with closing(_open_backup(file)) as connection:
                live = f"file:{quote(str(self._source.absolute()))}?mode=ro"
                connection.execute("ATTACH ? AS live", (live,))
                return bool(_one(connection, _HOLDS_FORGOTTEN))
        except sqlite3.Error as error:
            log.warning("the backup %s cannot be read (%s)", file.name, _reason(error))
            return False


def copy(file: Path, target: Path) -> None:
    """Write what a backup holds to the new file ``target``, for its owner alone."""
    target.touch(mode=0o600, exist_ok=False)
    with closing(_open_backup(file)) as source, closing(sqlite3.connect(target)) as copied:
        source.backup(copied)


def flush(path: Path) -> None:
    """Return once the file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _has_people(file: Path) -> bool:
    """Whether anybody is in a backup; one that cannot be read says nothing."""
    try:
        with closing(_open_backup(file)) as connection:
            return bool(_one(connection, "SELECT EXISTS (SELECT 1 FROM users)"))
    except sqlite3.Error:
        return False


def _holds_anything(file: Path) -> bool:
    """Whether there are tables in it; SQLite takes a file of a few bytes for an empty database."""
    if not file.exists():
        return False
    try:
        with closing(_open(file)) as connection:
            return bool(_one(connection, "SELECT count(*) FROM sqlite_master"))
    except sqlite3.Error:
        return True  # whoever opens it next says what is wrong with it


def _open_backup(file: Path) -> sqlite3.Connection:
    """One that was set aside with its log is read with it; any other leaves no trace."""
    log = sqlite_files.beside(file)[0]
    return _open(file, "" if log.exists() else "&immutable=1")


def _open(file: Path, more: str = "") -> sqlite3.Connection:
    """Read a file, and never write to it: the app itself is the only one that does."""
    connection = sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode=ro{more}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
    )
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _one(connection: sqlite3.Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _reason(error: Exception) -> str:
    words = error.strerror if isinstance(error, OSError) else str(error)
    return f"{words or type(error).__name__}."
