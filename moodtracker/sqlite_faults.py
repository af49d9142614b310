"""Which versions of SQLite are known to damage a database in the way in which this app uses it."""

import sqlite3

Version = tuple[int, int, int]

# The WAL-reset race (SQLite's page on WAL, "walresetbug"): two processes that write and make
# checkpoints at the same moment may damage the file. From 3.7.0 on; mended in 3.51.3 and, for
# older lines, below.
_SINCE: Version = (3, 7, 0)
_MENDED: Version = (3, 51, 3)
_MENDED_LINES: dict[tuple[int, int], Version] = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}


def has_wal_reset_race(version: Version = sqlite3.sqlite_version_info[:3]) -> bool:
    """Whether a version has it. One process of this app, with its one writer, never meets it."""
    mended = _MENDED_LINES.get(version[:2], _MENDED)
    return _SINCE <= version < mended
