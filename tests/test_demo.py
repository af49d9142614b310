from collections import Counter
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from moodtracker.accounts import people, registration, sessions
from moodtracker.accounts.registration import Registration
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.demo import NameTaken, make_up
from moodtracker.models import EntryRow
from support.signing_in import sign_in


@pytest.fixture(autouse=True)
def _last_evening(moved_clock):
    moved_clock.set(2026, 12, 31, 20)


def rows(database):
    with database.read() as session:
        return session.execute(EntryRow.__table__.select()).all()


def test_the_demo_person_can_sign_in_and_is_clearly_made_up(database):
    person, password = make_up(database)
    who = sessions.find(database, sign_in(database, "demo", password))
    assert who.person == people.find(database, "demo")
    assert (person.username, person.email) == ("demo", "demo@example.invalid")
    assert not person.administrator


def test_the_demo_year_is_full_up_to_today(database):
    make_up(database)
    days = {row.day for row in rows(database)}
    assert len(days) >= 0.85 * 365
    assert {day.year for day in days} == {2026}
    assert max(days) == date(2026, 12, 31)
    assert {day.month for day in days} == set(range(1, 13))


def test_the_demo_year_shows_all_moods_and_at_most_two_a_day(database):
    make_up(database)
    kept = rows(database)
    assert {row.mood for row in kept} == {1, 2, 3, 4, 5}
    assert set(Counter(row.day for row in kept).values()) == {1, 2}


def test_no_month_of_the_demo_year_is_nearly_all_of_one_colour(database):
    make_up(database)
    for month in range(1, 13):
        moods = Counter(row.mood for row in rows(database) if row.day.month == month)
        assert len(moods) >= 3
        assert max(moods.values()) <= 0.6 * moods.total()


def test_every_demo_year_keeps_most_of_its_days(database, moved_clock):
    for year in range(2024, 2032):
        moved_clock.set(year, 12, 31, 20)
        make_up(database)
        assert len({row.day for row in rows(database)}) >= 0.85 * 365


def test_the_demo_persons_year_end_mail_is_off(database):
    person, _ = make_up(database)
    assert not person.year_end_mail
    assert not people.find(database, "demo").year_end_mail


def test_made_again_the_demo_has_a_new_password_and_as_many_days(database):
    first, old = make_up(database)
    before = [(row.day, row.slot, row.mood) for row in rows(database)]
    second, new = make_up(database)
    assert (first.id, second.id) == (1, 1)
    assert sorted(before) == sorted((row.day, row.slot, row.mood) for row in rows(database))
    assert sign_in(database, "demo", new)
    with pytest.raises(SignInRefused):
        sign_in(database, "demo", old)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "America/Los_Angeles"])
@pytest.mark.parametrize("hour", [0, 9, 23])
def test_no_demo_moment_lies_in_the_future(database, moved_clock, zone, hour):
    now = moved_clock.set(2026, 3, 29, hour, 1)
    person, _ = make_up(database, zone)
    assert person.zone == zone
    assert max(row.recorded_at for row in rows(database)) <= now
    assert max(row.day for row in rows(database)) == person.today


def test_a_demo_made_on_new_years_day_has_that_day_alone(database, moved_clock):
    moved_clock.set(2027, 1, 1, 0, 0)
    make_up(database)
    (row,) = rows(database)
    assert (row.day, row.slot, row.recorded_at) == (
        date(2027, 1, 1),
        1,
        datetime(2027, 1, 1, tzinfo=UTC),
    )


def test_the_demo_leaves_the_place_of_the_first_person_free(database):
    make_up(database)
    assert registration.is_open(database, "first")


def test_made_again_in_another_zone_the_demo_lives_there(database):
    make_up(database, "UTC")
    person, _ = make_up(database, "Asia/Tokyo")
    assert person.zone == "Asia/Tokyo"


def test_made_again_the_demo_is_signed_out_everywhere(database):
    _, password = make_up(database)
    cookie = sign_in(database, "demo", password)
    make_up(database)
    assert sessions.find(database, cookie) is None


def test_a_real_person_who_is_called_demo_keeps_their_moods_and_password(database):
    form = {
        "username": "demo",
        "email": "demi@example.org",
        "first_name": "Demi",
        "password": "correct horse battery staple",
        "zone": "UTC",
    }
    demi = registration.register(database, "open", Registration.check(form))
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap) "
                f"VALUES ({demi.id}, '2026-02-03', 1, 5, '2026-02-03 12:00:00+00:00', 'own')"
            )
        )
    with pytest.raises(NameTaken):
        make_up(database)
    assert [row.tap for row in rows(database)] == ["own"]
    assert sign_in(database, "demo", "correct horse battery staple")
