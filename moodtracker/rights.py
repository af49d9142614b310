"""Whether the user that runs Moodtracker may write where it has to, and what to do if not."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from moodtracker import sqlite_files

_LOOKS = 3


def refusal(file: Path) -> str | None:
    """Why ``file`` cannot be written, or made in its folder, and the cure; None where it can."""
    file = sqlite_files.real(file)
    folder = file.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return (
            f"The folder {folder} cannot be made ({error.strerror}): "
            "make it writable for the user that runs Moodtracker, or set MOODTRACKER_DATA_DIR."
        )
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return _cure(folder, folder, error.strerror or "")
    for path in (file, *sqlite_files.beside(file)):
        # Others make and remove them at any moment. None is opened: closing it would let go of
        # the locks that SQLite has on it in this process (POSIX).
        if all(path.exists() and not os.access(path, os.W_OK) for _ in range(_LOOKS)):
            return _cure(path, folder, "Permission denied")
    return None


def _cure(path: Path, folder: Path, what: str) -> str:
    if _read_only(folder):
        return f"{path} is on a file system that is mounted read-only: mount it to be written."
    user, group = os.geteuid(), os.getegid()
    return (
        f"{path} cannot be written ({what}) by the user that runs Moodtracker, number {user}. As "
        "root, on the machine itself and for the folder that is mounted here if this is a "
        f"container: chown -R {user}:{group} {folder}"
    )


def _read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
