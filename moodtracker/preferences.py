"""What a person chooses: their names, their day, the look of their pages, reminder and notes.

Each function checks what was given, writes it, and lets the person's open pages know. Those that
take a form raise :class:`~moodtracker.accounts.registration.InvalidInput`, with a sentence for each
field at fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select, update

from moodtracker import clock, days
from moodtracker.accounts import registration
from moodtracker.accounts.people import Person
from moodtracker.accounts.registration import InvalidInput
from moodtracker.accounts.sessions import SignedIn, lock_person
from moodtracker.database import Database
from moodtracker.language import LANGUAGES
from moodtracker.language import gettext as _
from moodtracker.live import tell
from moodtracker.models import UserRow, users

THEMES = ("system", "light", "dark")

# Y7: a change of zone or of the day's end leaves the old year at least this long.
_NOTICE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Reminder:
    """Whether, and at which local time, somebody without a mood is reminded."""

    wanted: bool
    at: time


class Preferences:
    """Everybody's choices."""

    def __init__(self, database: Database) -> None:
        """Write to ``database``."""
        self._database = database

    def rename(self, who: SignedIn, given: Mapping[str, str]) -> None:
        """Take ``first_name`` and ``last_name``."""
        wrong: dict[str, str] = {}
        names: dict[str, str] = {}
        for field, check in (
            ("first_name", registration.checked_first_name),
            ("last_name", registration.checked_name),
        ):
            try:
                names[field] = check(given.get(field, ""))
            except ValueError as error:
                wrong[field] = str(error)
        if wrong:
            raise InvalidInput(wrong)
        self._write(who, **names)

    def set_day(self, who: SignedIn, given: Mapping[str, str]) -> Person:
        """Take ``zone``, ``day_end_hour`` (0 to 5) and ``slot_labels`` ('on').

        Returns the person as they are now. Today does not go back by that (D4), and the year does
        not end sooner than in 24 hours, unless it would have anyway (Y7).
        """
        zone, hour = given.get("zone", ""), given.get("day_end_hour", "")
        wrong = {}
        if zone not in days.zone_names():
            wrong["zone"] = _("Please choose your time zone from the list.")
        if hour not in map(str, range(days.LATEST_DAY_END_HOUR + 1)):
            wrong["day_end_hour"] = _("Please choose an hour from the list.")
        if wrong:
            raise InvalidInput(wrong)
        with self._database.write() as session:
            person = lock_person(session, who)
            session.execute(
                update(UserRow)
                .where(users.id == person.id)
                .values(
                    zone=zone,
                    day_end_hour=int(hour),
                    slot_labels=given.get("slot_labels") == "on",
                    latest_day=person.today,
                    year_open_until=_year_open_until(person, zone, int(hour)),
                )
            )
            tell(session, person.id)
            return lock_person(session, who)

    def set_look(self, who: SignedIn, given: Mapping[str, str]) -> None:
        """Take ``theme``, ``faces_in_squares`` and ``number_keys`` ('on'), and ``language``."""
        wrong = {}
        if given.get("theme") not in THEMES:
            wrong["theme"] = _("Please choose one from the list.")
        language = given.get("language", "")
        if language and language not in LANGUAGES:
            wrong["language"] = _("Please choose one from the list.")
        if wrong:
            raise InvalidInput(wrong)
        self._write(
            who,
            theme=given["theme"],
            faces_in_squares=given.get("faces_in_squares") == "on",
            number_keys=given.get("number_keys") == "on",
            language=language,
        )

    def reminder(self, who: SignedIn) -> Reminder:
        """What the person has chosen."""
        with self._database.read() as session:
            row = session.execute(
                select(users.reminder, users.reminder_at).where(users.id == who.person.id)
            ).one()
        return Reminder(row.reminder, row.reminder_at)

    def set_reminder(self, who: SignedIn, given: Mapping[str, str]) -> None:
        """Take ``reminder`` ('on') and ``reminder_at`` (HH:MM)."""
        try:
            at = time.fromisoformat(given.get("reminder_at", "")).replace(second=0, microsecond=0)
        except ValueError:
            raise InvalidInput({"reminder_at": _("Please give a time, such as 20:00.")}) from None
        if at.tzinfo is not None:
            raise InvalidInput({"reminder_at": _("Please give a time, such as 20:00.")})
        self._write(
            who,
            reminder=given.get("reminder") == "on",
            reminder_at=at,
            visited_at=clock.now(),
        )

    def set_notes_in_mail(self, who: SignedIn, *, wanted: bool) -> None:
        """Put the notes into the year-end mail, or leave them out."""
        self._write(who, notes_in_mail=wanted, notes_answered_at=clock.now())

    def _write(self, who: SignedIn, **values: object) -> None:
        with self._database.write() as session:
            person = lock_person(session, who)
            session.execute(update(UserRow).where(users.id == person.id).values(**values))
            tell(session, person.id)


def _year_open_until(person: Person, zone: str, day_end_hour: int) -> datetime | None:
    """Until when the person's year stays open whatever the new zone says (Y7), None: it rules."""
    today = person.today
    old_end = days.year_ends_at(today, person.zone, person.day_end_hour)
    if person.year_open_until:
        old_end = max(old_end, person.year_open_until)
    earliest = min(old_end, person.moment + _NOTICE)
    return earliest if days.year_ends_at(today, zone, day_end_hour) < earliest else None
