"""Whether a person wants their year mailed. What waits for the wish follows it within a minute."""

from sqlalchemy import update

from moodtracker.accounts import audit
from moodtracker.database import Database
from moodtracker.models import UserRow, users


def set_year_end_mail(database: Database, user_id: int, address: str = "", *, wanted: bool) -> None:
    """Mail this person their finished boards, or none; once or often, it is the same.

    ``address`` is where this came from, for the audit log.
    """
    with database.write() as session:
        changed = session.execute(
            update(UserRow)
            .where(users.id == user_id, users.year_end_mail.is_not(wanted))
            .values(year_end_mail=wanted)
            .returning(users.id)
        ).first()
        if changed:
            detail = f"year_end_mail {'on' if wanted else 'off'}"
            audit.note(session, user_id, audit.Event.SETTINGS_CHANGED, detail, address)
