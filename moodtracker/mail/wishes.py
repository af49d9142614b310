"""Which mails a person wants. What waits for the wish follows it within a minute."""

from sqlalchemy import update

from moodtracker.accounts import audit
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.models import UserRow, users


def set_year_end_mail(database: Database, user_id: int, address: str = "", *, wanted: bool) -> None:
    """Mail this person their finished boards, or none; once or often, it is the same.

    ``address`` is where this came from, for the audit log.
    """
    _set(database, user_id, "year_end_mail", address, wanted=wanted)


def stop_reminders(database: Database, user_id: int, address: str = "") -> None:
    """Remind this person no more; once or often, it is the same."""
    _set(database, user_id, "reminder", address, wanted=False)


def _set(database: Database, user_id: int, name: str, address: str, *, wanted: bool) -> None:
    with database.write() as session:
        changed = session.execute(
            update(UserRow)
            .where(users.id == user_id, users[name].is_not(wanted))
            .values({name: wanted})
            .returning(users.id)
        ).first()
        if changed:
            detail = f"{name} {'on' if wanted else 'off'}"
            audit.note(session, user_id, audit.Event.SETTINGS_CHANGED, detail, address)
            tell(session, user_id)
