"""What all processes together know of this installation: one row, made at its first use."""

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from moodtracker import upserting
from moodtracker.models import InstallationRow, installation

_IDS = {"id": 1}


def read(session: Session) -> Row[Any] | None:
    """The row as it stands; None before its first use."""
    return session.execute(select(*installation)).first()


def lock(session: Session) -> Row[Any]:
    """The row, locked against every other writer until the transaction ends."""
    row = upserting.insert(session, InstallationRow).values(_IDS)
    locked = row.on_conflict_do_update(index_elements=["id"], set_=_IDS)
    return session.execute(locked.returning(*installation)).one()


def note(session: Session, **values: Any) -> None:
    """Change the row, which the caller has locked."""
    session.execute(update(InstallationRow).where(installation.id == 1).values(**values))
