"""Reminding people of a day without a mood: who wants it, at their hour, once a day at most.

The rows are the truth: a person's ``reminded_on`` moves to a day in the transaction that asks for
the day's mail, so that any number of workers may ask, and a worker may die at any point.
"""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, false, or_, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, days
from moodtracker.accounts.people import Person, person_from, readable, select_person
from moodtracker.database import Database
from moodtracker.mail import post
from moodtracker.models import UserRow, entries, users

# Who has stopped coming is left alone.
STOPPED_COMING = timedelta(days=30)
# A worker that was away makes up for what it missed for so long; after that the day has no mail.
LATEST = timedelta(hours=1)


class Reminding:
    """Asks for the reminders that are due."""

    def __init__(self, database: Database) -> None:
        """Read who is to be reminded from ``database``, and write there that they were."""
        self._database = database

    def tick(self) -> None:
        """Ask for every reminder that is due now."""
        now = clock.now()
        with self._database.read() as session:
            due = [
                (person, person.today)
                for person, at in _candidates(session, now)
                if days.is_known(person.zone) and _is_due(person, at, now)
            ]
        for person, day in due:
            self._remind(person, day)

    def _remind(self, person: Person, day: date) -> None:
        with self._database.write() as session:
            taken = session.execute(
                update(UserRow)
                .where(users.id == person.id, *_wanted(clock.now()), _not_reminded_on(day))
                .where(without_mood(person.id, day))
                .values(reminded_on=day)
                .returning(users.id)
            ).first()
            if taken and person.mail_address:
                post.ask(session, post.Kind.REMINDER, person.mail_address, user_id=person.id)


def without_mood(user_id: int, day: date) -> ColumnElement[bool]:
    """Whether the person has told no mood of that day."""
    return ~(select(entries.user_id).where(entries.user_id == user_id, entries.day == day).exists())


def due_at(day: date, at: time, zone: str, day_end_hour: int) -> datetime:
    """The moment (aware, UTC) at which the clocks of ``zone`` show ``at`` within ``day``.

    What lies before the hour at which the day ends belongs to its last hours. A time that the
    clocks skip is told by what they showed before, of one that they repeat the first counts.
    """
    local = day if at.hour >= day_end_hour else day + timedelta(days=1)
    return datetime.combine(local, at, days.zone_of(zone)).astimezone(UTC)


def _is_due(person: Person, at: time, now: datetime) -> bool:
    today = person.today
    moment = due_at(today, at, person.zone, person.day_end_hour)
    return moment <= now < min(moment + LATEST, person.ends_at(today))


def _wanted(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        users.reminder,
        users.disabled_at.is_(None),
        users.email_verified_at.is_not(None),
        users.visited_at >= now - STOPPED_COMING,
    )


def _not_reminded_on(day: date) -> ColumnElement[bool]:
    """Whether ``day`` had no reminder; one days ahead was written by a clock that ran ahead."""
    is_ahead = users.reminded_on > day + timedelta(days=2)
    return or_(users.reminded_on.is_(None), users.reminded_on < day, is_ahead)


def _candidates(session: Session, now: datetime) -> list[tuple[Person, time]]:
    """Whose clocks have just shown the time that they chose, with that time."""
    zones = session.scalars(select(users.zone).where(users.reminder).distinct()).all()
    rows = readable(
        session,
        select_person()
        .add_columns(users.reminder_at)
        .where(*_wanted(now), _not_reminded_on(now.date() + timedelta(days=1)))
        .where(or_(false(), *(_has_just_shown(zone, now) for zone in zones))),
    )
    return [(person_from(row), row.reminder_at) for row in rows]


def _has_just_shown(zone: str, now: datetime) -> ColumnElement[bool]:
    """Whether the clocks of a zone showed a person's time of late: twice as far back, for DST."""
    until = now.astimezone(days.zone_of(zone)).time()
    since = (now - 2 * LATEST).astimezone(days.zone_of(zone)).time()
    after, before = users.reminder_at >= since, users.reminder_at <= until
    return and_(users.zone == zone, and_(after, before) if since <= until else or_(after, before))
