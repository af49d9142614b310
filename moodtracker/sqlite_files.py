"""What lies beside a SQLite file while it is in use, and is of one piece with it."""

import os
from pathlib import Path

# The log of what was written last, its index, and the way back from a write that broke off.
_ENDS = ("-wal", "-shm", "-journal")


def real(file: Path) -> Path:
    """The file itself where ``file`` is a link to it: there SQLite looks, and writes beside it."""
    return file.resolve() if os.path.islink(file) else file  # which a closed folder does not stop


def beside(file: Path) -> list[Path]:
    """Where they are, if they are: the last process to close the database takes them away."""
    return [file.with_name(file.name + end) for end in _ENDS]


def refusal(file: Path) -> str | None:
    """Why ``file`` is not to be opened, and the cure; None where it may be.

    SQLite would take an empty or missing file for a new database, and delete the log beside it,
    which holds what was written last. It never leaves them so by itself.
    """
    log = beside(real(file))[0]
    # In this order: the first process to open a new database fills the file before the log.
    if _is_empty(log) or not _is_empty(file):
        return None
    return (
        f"{file} is empty or gone, but the log beside it, {log.name}, is not: put the file back, "
        "or restore a backup, which keeps what is there (moodtracker restore FILE --overwrite)."
    )


def _is_empty(file: Path) -> bool:
    try:
        return file.stat().st_size == 0
    except FileNotFoundError:
        return True
