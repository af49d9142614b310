"""Taking leave: a person's account is deleted for good, at once and whole."""

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from moodtracker.accounts import administrators, audit, links
from moodtracker.accounts.audit import NOBODY, Event
from moodtracker.accounts.people import by_id
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.mail import post
from moodtracker.mail.goodbye import Farewell
from moodtracker.models import AuditRow, InvitationRow, UserRow, invitations, users
from moodtracker.models import audit as audit_lines


def delete_account(
    database: Database, user_id: int, address: str = "", *, by: int | None = None
) -> Farewell | None:
    """Delete a person with all that is theirs, also what waits to be sent to them.

    What stays is that somebody left, without a name. Returned is whom to say good-bye to, at the
    address that they had verified; None where there is none. ``by`` is the administrator who asks,
    None the person or the operator. Raises
    :class:`~moodtracker.accounts.administrators.LastAdministrator` and
    :class:`~moodtracker.accounts.administrators.NotAnAdministrator`.
    """
    with database.write() as session:
        administrators.check_role(session, by)
        administrators.keep_one(session, user_id)
        person = by_id(session, user_id)
        if person is None:
            return None
        _delete(session, user_id)
        post.drop_asked_for(session, person.username, person.email)
        tell(session, user_id)
        audit.note(session, NOBODY, Event.DELETED, address=address)
    database.forget_deleted()
    if person.mail_address is None:
        return None
    return Farewell(person.mail_address, person.first_name, person.language)


def _delete(session: Session, user_id: int) -> None:
    """Sessions, moods and closed years go with the person, by their foreign keys."""
    post.drop(session, user_id)
    links.drop(session, user_id)
    session.execute(delete(AuditRow).where(audit_lines.user_id == user_id))
    session.execute(
        update(InvitationRow).where(invitations.invited_by == user_id).values(invited_by=None)
    )
    session.execute(delete(UserRow).where(users.id == user_id))
