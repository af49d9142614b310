"""A year to look at: a person who does not exist, with moods that nobody felt."""

import random
import secrets
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, update

from moodtracker import clock
from moodtracker.accounts import passwords, sessions
from moodtracker.accounts.people import Person, find, person_from, select_person
from moodtracker.database import Database
from moodtracker.models import EntryRow, UserRow, entries, users
from moodtracker.moods import Mood

USERNAME = "demo"
_ADDRESS = "demo@example.invalid"  # RFC 2606: nobody can have, or register, such an address


class NameTaken(Exception):  # noqa: N818
    """Somebody real is called like the demo person."""


def make_up(database: Database, zone: str = "UTC") -> tuple[Person, str]:
    """Make (or make anew) the demo person with a mood on most days up to today.

    Their year-end mail is off, since nobody reads it. Returns them and their new password.
    Raises :class:`NameTaken` where it would touch the account of somebody else.
    """
    known = find(database, USERNAME)
    if known is not None and known.email != _ADDRESS:
        raise NameTaken
    password = secrets.token_urlsafe(12)
    password_hash = passwords.hash_password(password)
    with database.write() as session:
        if known is None:
            session.add(_nobody(password_hash, zone))
            session.flush()
        row = session.execute(select_person().where(users.email == _ADDRESS)).one()
        person = replace(person_from(row), zone=zone)
        session.execute(delete(EntryRow).where(entries.user_id == person.id))
        session.execute(insert(EntryRow), _moods(person, person.today))
        session.execute(
            update(UserRow)
            .where(users.id == person.id)
            .values(
                password_hash=password_hash,
                zone=zone,
                latest_day=person.today,
                open_year=person.today.year,
            )
        )
    sessions.end_all(database, person.id)
    return person, password


def _nobody(password_hash: str, zone: str) -> UserRow:
    return UserRow(
        username=USERNAME,
        email=_ADDRESS,
        first_name="Ada",
        last_name="Demo",
        password_hash=password_hash,
        zone=zone,
        year_end_mail=False,
        created_at=clock.now(),
    )


def _moods(person: Person, today: date) -> list[dict[str, object]]:
    """A slow drift with a weekend in it: the same for each year, and clearly nobody's."""
    chance = random.Random(today.year)  # noqa: S311 - a picture, not a secret
    rows: list[dict[str, object]] = []
    drift = 3.0
    day = date(today.year, 1, 1)
    while day <= today:
        drift += 0.15 * (3.3 - drift) + chance.gauss(0, 0.5)
        weekend = 0.5 if day.weekday() >= 5 else 0.0
        is_kept = day == today or chance.random() > 0.06
        if is_kept:
            for slot in (1, 2) if day != today and chance.random() < 0.3 else (1,):
                score = round(drift + weekend + chance.gauss(0, 0.7) * (slot - 0.5))
                rows.append(_row(person, day, slot, Mood(min(5, max(1, score))), chance))
        day += timedelta(days=1)
    return rows


def _row(
    person: Person, day: date, slot: int, mood: Mood, chance: random.Random
) -> dict[str, object]:
    hour = chance.randint(7, 11) if slot == 1 else chance.randint(17, 22)
    moment = datetime.combine(day, time(hour, chance.randint(0, 59)), ZoneInfo(person.zone))
    return {
        "user_id": person.id,
        "day": day,
        "slot": slot,
        "mood": int(mood),
        "recorded_at": min(moment.astimezone(clock.now().tzinfo), clock.now()),
        "tap": f"demo{day:%Y%m%d}{slot}",
    }
