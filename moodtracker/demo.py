"""A year to look at: a person who does not exist, with moods that nobody felt."""

import math
import random
import secrets
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, insert, update

from moodtracker import clock, days
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
    """Brighter summers and weekends, spells of some days, gaps: each year its own, nobody's."""
    chance = random.Random(today.year)  # noqa: S311 - a picture, not a secret
    rows: list[dict[str, object]] = []
    spell = 0.0
    day = date(today.year, 1, 1)
    while day <= today:
        spell = 0.7 * spell + chance.gauss(0, 0.65)
        summer = -0.3 * math.cos(math.tau * (day.timetuple().tm_yday - 20) / 365)
        weekend = 0.45 if day.weekday() >= 5 else 0.0
        first = _mood(3.3 + summer + weekend + spell + chance.gauss(0, 0.45))
        second = _mood(first + chance.choice((-2, -1, -1, 1, 1, 2)))
        is_kept, has_two = chance.random() > 0.06, chance.random() < 0.3
        if day == today:
            rows.append(_row(person, day, 1, first, chance))
        elif is_kept:
            for slot, mood in enumerate((first, second) if has_two else (first,), 1):
                rows.append(_row(person, day, slot, mood, chance))
        day += timedelta(days=1)
    return rows


def _mood(level: float) -> Mood:
    return Mood(min(5, max(1, round(level))))


def _row(
    person: Person, day: date, slot: int, mood: Mood, chance: random.Random
) -> dict[str, object]:
    hour = chance.randint(7, 11) if slot == 1 else chance.randint(17, 22)
    moment = datetime.combine(day, time(hour, chance.randint(0, 59)), days.zone_of(person.zone))
    return {
        "user_id": person.id,
        "day": day,
        "slot": slot,
        "mood": int(mood),
        "recorded_at": min(moment.astimezone(clock.now().tzinfo), clock.now()),
        "tap": f"demo{day:%Y%m%d}{slot}",
    }
