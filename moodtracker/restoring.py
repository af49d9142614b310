"""Putting a backup in the place of the database, without losing what is there."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from moodtracker import clock, sqlite_files
from moodtracker.backups import Backup, BackupError, Backups, copy, flush, look_at
from moodtracker.database import Database
from moodtracker.database_trouble import DatabaseError

# Where in its file SQLite has the lock that everybody shares who has the database open
# (https://www.sqlite.org/fileformat2.html, "The lock-byte page"): SHARED_FIRST, SHARED_SIZE.
_SHARED = (0x40000000 + 2, 510)
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_RUNNING = "Moodtracker is running. Stop it, restore, and start it again."


def restore(file: Path, target: Path, backups: Backups, *, overwrite: bool = False) -> Backup:
    """Make ``target`` what the backup ``file`` holds, brought up to date.

    The copy is upgraded before it takes the place of what is there, so that a backup which cannot
    be used changes nothing. What is there is kept among the backups, byte for byte with the log
    beside it, even where it is damaged. Wherever this breaks off, ``target`` is what it was or
    what it is to be. Raises :class:`~moodtracker.backups.BackupError`: where there is a database
    and nobody said to overwrite it, where Moodtracker is running, and where the backup is damaged
    or of a newer version.
    """
    found = look_at(file)
    target = sqlite_files.real(target)
    is_there = _is_there(target)
    if is_there and not overwrite:
        raise BackupError(
            f"{target} is there already. Add --overwrite to put the backup in its place."
        )
    staged = target.with_name(f".{target.name}.restoring")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _held(target) as content:
            _discard(staged)  # of a restore that was killed
            copy(file, staged)
            _upgrade(staged)
            _hand_over(staged)
            flush(staged)
            if is_there:
                _set_aside(target, content, backups)
            staged.replace(target)
            flush(target.parent)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}.") from None
    except sqlite3.Error as error:
        raise BackupError(f"{target} cannot be written: {error}.") from None
    except DatabaseError as error:
        raise BackupError(f"The backup cannot be brought up to date: {error}") from None
    finally:
        _discard(staged)
    return found


@contextmanager
def _held(target: Path) -> Iterator[BinaryIO | None]:
    """Keep everybody from opening the database, whatever is left of it; they wait, or give up.

    SQLite's own lock, taken without SQLite: to open a database may already change its files. It
    goes as soon as this process closes the file, by whichever handle (POSIX).
    """
    if not target.exists():
        yield None
        return
    with target.open("r+b") as content:
        _lock(content)
        yield content


def _lock(content: BinaryIO) -> None:
    start, length = _SHARED
    try:
        fcntl.lockf(content, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except (BlockingIOError, PermissionError):
        raise BackupError(_RUNNING) from None


def _set_aside(target: Path, content: BinaryIO | None, backups: Backups) -> None:
    """Keep a copy of each file, then leave nothing beside ``target``.

    A log that stayed there would be taken for the restored file's own.
    """
    aside = _free_name(backups)
    try:
        is_new = not aside.parent.exists()
        backups.make_folder()
        if is_new:
            _give_to_owner(aside.parent)
        if content is not None:
            _keep(content, aside)
        for part, kept in zip(sqlite_files.beside(target), sqlite_files.beside(aside), strict=True):
            if part.exists():
                with part.open("rb") as log:
                    _keep(log, kept)
        flush(aside.parent)
    except OSError as error:
        _discard(aside)
        raise BackupError(f"{aside} cannot be written: {error.strerror}.") from None
    if content is not None:
        try:
            _empty_log(target)
            _lock(content)
        except BaseException:
            _discard(aside)  # since all of it is still where it was
            raise
    for leftover in sqlite_files.beside(target):
        leftover.unlink(missing_ok=True)


def _empty_log(target: Path) -> None:
    """Have SQLite put what stands in the log into the file, unless that is damaged."""
    try:
        _into_one_file(target)
    except sqlite3.DatabaseError as error:
        code = error.sqlite_errorcode & 0xFF
        if code == sqlite3.SQLITE_BUSY:
            raise BackupError(_RUNNING) from None
        if code not in _DAMAGED:
            raise


def _into_one_file(file: Path) -> None:
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()


def _is_there(file: Path) -> bool:
    return any(part.exists() for part in (file, *sqlite_files.beside(file)))


def _keep(content: BinaryIO, copied: Path) -> None:
    copied.touch(mode=0o600, exist_ok=False)
    with copied.open("wb") as file:
        shutil.copyfileobj(content, file)
    _give_to_owner(copied)
    flush(copied)


def _free_name(backups: Backups) -> Path:
    name = f"-before-restore-{clock.now():%H%M%S}"
    aside, number = backups.file_of_today(name), 1
    while _is_there(aside):
        number += 1
        aside = backups.file_of_today(f"{name}-{number}")
    return aside


def _upgrade(staged: Path) -> None:
    database = Database(f"sqlite:///{staged}")
    try:
        database.migrate()
    finally:
        database.close()
    _into_one_file(staged)


def _hand_over(staged: Path) -> None:
    staged.chmod(0o600)
    _give_to_owner(staged)


def _give_to_owner(file: Path) -> None:
    """Where root restores, a file belongs to whom its folder belongs, as the app runs as them."""
    if os.geteuid() == 0:
        owner = file.parent.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def _discard(file: Path) -> None:
    for part in (*sqlite_files.beside(file), file):
        if part.exists():  # where nothing may be written, nothing is there
            part.unlink()
