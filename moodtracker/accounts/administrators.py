"""Who administers this server: the first person, and whom they promote; never nobody for others."""

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, installation
from moodtracker.accounts import audit
from moodtracker.accounts.audit import Event
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.models import UserRow, users

_ADMINISTERS = (users.administrator, users.disabled_at.is_(None))


class LastAdministrator(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """The others here would have no administrator left: somebody has to become one first."""


class NotAnAdministrator(Exception):  # noqa: N818
    """Whoever asks for this does not administer this server (any more)."""


def is_founded(session: Session) -> bool:
    """Whether this server has, or once had, an administrator.

    It stands apart from people: where the first of them has left, nobody else is the first.
    """
    row = installation.read(session)
    return row is not None and row.founded_at is not None


def found(session: Session) -> bool:
    """Be the first administrator; False where somebody was before, also at the same moment."""
    if installation.lock(session).founded_at is not None:
        return False
    installation.note(session, founded_at=clock.now())
    return True


def promote(database: Database, user_id: int, by: int | None = None, address: str = "") -> None:
    """Make somebody an administrator; ``by`` is the one who asks, None the operator.

    Raises :class:`NotAnAdministrator`.
    """
    with database.write() as session:
        check_role(session, by)
        found(session)
        session.execute(update(UserRow).where(users.id == user_id).values(administrator=True))
        audit.note(session, user_id, Event.PROMOTED, address=address)
        tell(session, user_id)


def check_role(session: Session, user_id: int | None) -> None:
    """Raise :class:`NotAnAdministrator` unless this person is one; None is the operator.

    Whoever acts as an administrator asks this first, in the act's own transaction. The turn is
    held until that ends, so that nobody loses the role between the answer and the act: of two who
    delete each other one stays.
    """
    if user_id is None:
        return
    installation.lock(session)
    if not session.scalar(select(exists().where(users.id == user_id, *_ADMINISTERS))):
        raise NotAnAdministrator


def keep_one(session: Session, user_id: int) -> None:
    """Raise :class:`LastAdministrator` where this person may not go, since nobody else is one.

    Whoever is alone here may. The turn is held until the transaction ends, so that of two who go
    at the same moment one stays.
    """
    installation.lock(session)
    others = users.id != user_id
    has_successor = exists().where(others, *_ADMINISTERS)
    is_one = exists().where(users.id == user_id, *_ADMINISTERS)
    if session.scalar(select(is_one & exists().where(others) & ~has_successor)):
        raise LastAdministrator
