"""Whether what is in a database is ours, and all of it: what is not must not start as a new server.

On a new one the next to come is the administrator. So tables of something else, or a database of
ours that has lost some of its own, is refused in words.
"""

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from moodtracker.models import metadata

_REVISION = "alembic_version"  # which other programs have as well
_OF_EVERY_VERSION = {"users", "sessions", "entries", "sealed_years"}


def refusal(session: Session, revision: str | None, *, is_newest: bool) -> str | None:
    """Why the database is not to be used, and the cure; None where it may be, or is empty."""
    there = set(inspect(session.connection()).get_table_names()) - {_REVISION}
    if there and not there & set(metadata.tables):
        return (
            "The database holds tables of another program and none of Moodtracker's: give "
            "Moodtracker one of its own (MOODTRACKER_DATABASE_URL), or restore a backup "
            "(moodtracker restore FILE --overwrite)."
        )
    if revision is None:
        return None
    missing = (set(metadata.tables) if is_newest else _OF_EVERY_VERSION) - there
    if missing:
        return (
            f"The database has lost its table {min(missing)}: restore a backup "
            "(moodtracker restore FILE --overwrite)."
        )
    return None
