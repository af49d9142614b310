"""Putting a backup in the place of the database, without losing what is there."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from moodtracker import clock
from moodtracker.backups import Backup, BackupError, Backups, flush, look_at
from moodtracker.database import Database
from moodtracker.database_trouble import DatabaseError


def restore(file: Path, target: Path, backups: Backups, *, overwrite: bool = False) -> Backup:
    """Make ``target`` what the backup ``file`` holds, brought up to date.

    The copy is upgraded before it takes the place of what is there, so that a backup which cannot
    be used changes nothing. What is there is kept among the backups, even where it is damaged.
    Raises :class:`~moodtracker.backups.BackupError`: where there is a database and nobody said to
    overwrite it, where Moodtracker is running, and where the backup is damaged or of a newer
    version.
    """
    found = look_at(file)
    if target.exists():
        if not overwrite:
            raise BackupError(
                f"{target} is there already. Add --overwrite to put the backup in its place."
            )
        _claim(target)
        _set_aside(target, backups)
    staged = target.with_name(f".{target.name}.restoring")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, staged)
        _upgrade(staged)
        _hand_over(staged)
        flush(staged)
        staged.replace(target)
        flush(target.parent)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}.") from None
    except DatabaseError as error:
        raise BackupError(f"The backup cannot be brought up to date: {error}") from None
    finally:
        for leftover in (staged, Path(f"{staged}-wal"), Path(f"{staged}-shm")):
            leftover.unlink(missing_ok=True)
    return found


def _claim(target: Path) -> None:
    """Empty the log beside the database; while the app has it open, SQLite does not let us.

    A log left behind would be taken for the restored file's own.
    """
    try:
        with closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise BackupError(
                "Moodtracker is running. Stop it, restore, and start it again."
            ) from None
        # What is there is no database any more: that is what backups are for.
        for leftover in (Path(f"{target}-wal"), Path(f"{target}-shm")):
            leftover.unlink(missing_ok=True)


def _set_aside(target: Path, backups: Backups) -> None:
    aside = backups.file_of_today(f"-before-restore-{clock.now():%H%M%S}")
    try:
        aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.touch(mode=0o600)
        shutil.copyfile(target, aside)
        flush(aside)
    except OSError as error:
        raise BackupError(f"{aside} cannot be written: {error.strerror}.") from None


def _upgrade(staged: Path) -> None:
    database = Database(f"sqlite:///{staged}")
    try:
        database.migrate()
    finally:
        database.close()


def _hand_over(staged: Path) -> None:
    """Where root restores, the file belongs to whom its folder belongs, as the app runs as them."""
    staged.chmod(0o600)
    if os.geteuid() == 0:
        owner = staged.parent.stat()
        os.chown(staged, owner.st_uid, owner.st_gid)
