"""What keeps the database from working, for whoever reads the log: the cause, and the cure."""

import sqlite3

from sqlalchemy.exc import DBAPIError, TimeoutError

# By SQLite's result codes (https://www.sqlite.org/rescode.html); extended ones end in these 8 bits.
_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: "another program has locked the database: end it",
    sqlite3.SQLITE_READONLY: "the database cannot be written: look at its rights and its disk",
    sqlite3.SQLITE_IOERR: "the disk fails to read or write the database, or is full: look at it",
    sqlite3.SQLITE_CORRUPT: "the database is damaged: restore a backup, see docs/backup.md",
    sqlite3.SQLITE_FULL: "the disk is full: make room, and all goes on by itself",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened: look at its folder and its disk",
    sqlite3.SQLITE_NOTADB: "the database is damaged: restore a backup, see docs/backup.md",
}
# SQLSTATE (PostgreSQL, Appendix A), by their beginnings.
# 55000: the database takes no connections (ALLOW_CONNECTIONS), or is being made or dropped.
_OF_THE_SERVER = ("08", "25006", "53", "55000", "57", "58")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}  # which does not pass
_WRITES_NOTHING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
}
_SERVER_WRITES_NOTHING = ("25006", "53100")  # it is read-only (a standby), its disk is full


class DatabaseError(Exception):
    """The database cannot be used; the text says why and what helps."""


def reason(error: DBAPIError) -> str:
    """The driver's own sentence, which names host or file but no password and no row."""
    return str(error.orig).strip().splitlines()[0]


def cause(error: DBAPIError) -> str:
    """What is wrong and what helps, or the driver's own sentence."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return reason(error) if code is None else _OF_SQLITE.get(code & 0xFF, reason(error))


def told(error: BaseException) -> str:
    """The error's kind, and its cause where that is the database's own.

    Nothing else of it is told: the text of an error may quote what a person typed or felt.
    """
    if isinstance(error, DatabaseError):
        return str(error)
    if not isinstance(error, DBAPIError):
        return type(error).__name__
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _OF_SQLITE:
        return cause(error)
    if code is None and _is_the_servers(error):
        return f"the database server: {reason(error)}"
    return type(error).__name__


def writes_nothing(error: BaseException) -> bool:
    """Whether the database cannot be written at the moment, though it may still be read."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _WRITES_NOTHING
    return getattr(error.orig, "sqlstate", None) in _SERVER_WRITES_NOTHING


def is_out_of_reach(error: BaseException) -> bool:
    """Whether the database cannot be asked at the moment, for a cause that is not this app's."""
    if isinstance(error, DatabaseError | TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None:
        return _is_the_servers(error)
    return code & 0xFF in _OF_SQLITE and code & 0xFF not in _DAMAGED


def _is_the_servers(error: DBAPIError) -> bool:
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:  # it was not reached, or went away
        return type(error).__name__ == "OperationalError" and error.orig is not None
    return state.startswith(_OF_THE_SERVER)
