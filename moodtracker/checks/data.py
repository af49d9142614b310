"""The data folder: can it be written, is there room, who may read the secret key."""

import shutil
from collections.abc import Iterator

from moodtracker import rights
from moodtracker.checks.finding import Finding
from moodtracker.secret import MADE_FILE
from moodtracker.settings import Settings, can_be_guessed

_FOLDER = "data folder"
_KEY = "secret key"
_ROOM_MIB = 200
_OTHERS = 0o077


def look(config: Settings, room_mib: int = _ROOM_MIB) -> Iterator[Finding]:
    """Whether the folder is there, may be written, and has ``room_mib`` MiB left."""
    folder = config.data_dir
    if folder.exists() and not folder.is_dir():
        yield Finding.fault(_FOLDER, f"{folder} is a file.", "Set MOODTRACKER_DATA_DIR.")
        return
    if not folder.exists():
        yield Finding.warning(
            _FOLDER,
            f"{folder.absolute()} is not there yet; the first start makes it.",
            "If there are moods already, MOODTRACKER_DATA_DIR names the wrong folder.",
        )
        return
    if refusal := rights.refusal(config.database_file or folder / MADE_FILE):
        words, _, cure = refusal.partition(": ")
        yield Finding.fault(_FOLDER, words + ".", cure)
        return
    free = shutil.disk_usage(folder).free // 2**20
    if free < room_mib:
        yield Finding.warning(
            _FOLDER,
            f"Only {free} MiB are free on the disk of {folder}.",
            "Make room: on a full disk no mood can be saved, and no backup made.",
        )
        return
    yield Finding.ok(_FOLDER, f"{folder.absolute()} can be written, {free} MiB are free.")


def look_at_secret(config: Settings) -> Iterator[Finding]:
    """Whether there is a key, long enough, that nobody else may read."""
    if config.secret_key:
        yield Finding.ok(_KEY, "It is set.")
        return
    file = config.data_dir / MADE_FILE
    if not file.exists():
        yield Finding.ok(_KEY, f"The first start makes it, in {file}.")
        return
    if file.stat().st_mode & _OTHERS:
        yield Finding.fault(
            _KEY,
            f"Others on this machine may read {file}, and could sign in as anybody.",
            f"chmod 600 {file}; to be sure, delete it, and everybody signs in anew.",
        )
        return
    if can_be_guessed(file.read_text(encoding="ascii", errors="replace")):
        yield Finding.fault(
            _KEY,
            f"{file} is empty or cut short.",
            "Put its copy back, or delete it: the next start makes a new one.",
        )
        return
    yield Finding.ok(_KEY, f"{file}, for its owner alone. Keep a copy with your backups.")
