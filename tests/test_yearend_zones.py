"""Everybody's year ends at their own minute, wherever they are, and no tap falls between (Y1)."""

import os
import random
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text

from moodtracker import days
from moodtracker.diary import DayLocked
from moodtracker.models import EntryRow, UserRow, sealed_years
from moodtracker.moods import Mood
from moodtracker.preferences import Preferences
from support.year_end import make_closed_years, make_year_end

SECOND = timedelta(seconds=1)
LAST_DAY = date(2026, 12, 31)
RACES = int(os.environ.get("MOODTRACKER_TEST_RACES", "25"))


@pytest.fixture
def year_end(database):
    return make_year_end(database, None)


def live_in_every_zone(database, at):
    """A person in each zone, with a mood of that moment's day; their zones by id."""
    names = sorted(days.zone_names())
    if not database.is_sqlite:
        names = names[::12]  # the other database has them all, and the same statements
    zones = dict(enumerate(names, start=1))
    with database.write() as session:
        session.execute(
            insert(UserRow),
            [
                {
                    "id": number,
                    "username": f"p{number}",
                    "first_name": "Ada",
                    "zone": zone,
                    "open_year": at.year,
                    "created_at": at,
                }
                for number, zone in zones.items()
            ],
        )
        session.execute(
            insert(EntryRow),
            [
                {
                    "user_id": number,
                    "day": at.date(),
                    "slot": 1,
                    "mood": 4,
                    "recorded_at": at,
                    "tap": "tap00001",
                }
                for number in zones
            ],
        )
    return zones


def closed(database):
    with database.read() as session:
        return set(session.scalars(select(sealed_years.user_id)))


def test_every_zone_of_the_zone_database_closes_at_its_own_minute(year_end, database, moved_clock):
    moved_clock.set(2026, 12, 30, 12)
    zones = live_in_every_zone(database, moved_clock.now())
    ends = {number: days.ends_at(date(2026, 12, 31), zone) for number, zone in zones.items()}
    if database.is_sqlite:
        assert min(ends.values()) == datetime(2026, 12, 31, 10, tzinfo=UTC), "in Kiritimati"
        assert max(ends.values()) == datetime(2027, 1, 1, 12, tzinfo=UTC), "on Baker Island"
    for moment in sorted(set(ends.values())):
        for now in (moment - SECOND, moment):
            moved_clock.moment = now
            year_end.seal_ended_years()
            assert closed(database) == {number for number, end in ends.items() if end <= now}


@pytest.mark.parametrize(
    ("zone", "year", "last", "ends"),
    [
        # Samoa had no 30 December 2011, the Line Islands no 31 December 1994.
        ("Pacific/Apia", 2011, date(2011, 12, 31), datetime(2011, 12, 31, 10, tzinfo=UTC)),
        ("Pacific/Kiritimati", 1994, date(1994, 12, 30), datetime(1994, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_year_without_one_of_its_last_days_ends_all_the_same(
    year_end, join, diary, database, moved_clock, zone, year, last, ends
):
    moved_clock.moment = days.begins_at(last, zone)
    ada = join("ada", zone)
    diary.record(ada, last, Mood.GOOD, "tap00001")
    moved_clock.moment = ends - SECOND
    year_end.seal_ended_years()
    assert closed(database) == set()
    moved_clock.moment = ends
    year_end.seal_ended_years()
    board = make_closed_years(database).board(ada.person, year)
    assert [entry.day for entry in board.entries] == [last]


def test_half_past_eleven_on_the_last_evening_in_los_angeles_is_the_old_years(
    year_end, join, diary, database, moved_clock
):
    moved_clock.set(2027, 1, 1, 7, 30)
    ada = join("ada", "America/Los_Angeles")
    diary.record(ada, date(2026, 12, 31), Mood.GREAT, "tap00001")
    moved_clock.set(2027, 1, 1, 8)
    year_end.seal_ended_years()
    (entry,) = make_closed_years(database).board(ada.person, 2026).entries
    assert (entry.day, entry.recorded_at) == (
        date(2026, 12, 31),
        datetime(2027, 1, 1, 7, 30, tzinfo=UTC),
    )


def test_a_day_that_ends_at_five_keeps_the_year_open_until_five(
    year_end, join, diary, database, moved_clock
):
    moved_clock.set(2026, 12, 31, 12)
    ada = join()
    with database.write() as session:
        session.execute(text("UPDATE users SET day_end_hour = 5"))
    moved_clock.set(2027, 1, 1, 4, 59, 59)
    diary.record(ada, date(2026, 12, 31), Mood.GOOD, "tap00001")
    year_end.seal_ended_years()
    assert closed(database) == set()
    moved_clock.set(2027, 1, 1, 5)
    year_end.seal_ended_years()
    assert closed(database) == {ada.person.id}


def test_a_board_of_somebody_whose_zone_nobody_knows_is_mailed_with_what_it_says_of_notes(
    join, diary, database, moved_clock, mail_server
):
    moved_clock.set(2026, 12, 31, 12)
    ada = join()
    diary.record(ada, LAST_DAY, Mood.GOOD, "tap00001")
    diary.annotate(ada, LAST_DAY, "tap00001", "between us", "note0001")
    with database.write() as session:
        session.execute(text("UPDATE users SET zone = 'Mars/Olympus'"))
    year_end = make_year_end(database, mail_server.port)
    moved_clock.set(2027, 1, 3, 9)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


def settings_of(zone, hour=0):
    return {"zone": zone, "day_end_hour": str(hour)}


@pytest.mark.parametrize("seed", range(3))
def test_a_year_with_50_changes_of_zone_around_its_end_closes_once_at_the_right_minute(
    year_end, join, diary, database, moved_clock, seed
):
    """Y7 as its sentence says it, and D4 all the while: today never goes back."""
    chance = random.Random(seed)
    zones = sorted(days.zone_names())
    preferences = Preferences(database)
    moved_clock.set(2026, 12, 29)
    ada = join()
    end = days.ends_at(LAST_DAY, "UTC")
    changes = sorted(
        moved_clock.moment + timedelta(minutes=chance.randrange(6 * 24 * 60)) for _ in range(50)
    )
    kept, latest = [], ada.person.today
    for number, moment in enumerate(changes):
        if not closed(database) and end <= moment:
            moved_clock.moment = end - SECOND
            year_end.seal_ended_years()
            assert closed(database) == set()
            moved_clock.moment = end
            year_end.seal_ended_years()
            assert closed(database) == {ada.person.id}
        moved_clock.moment = moment
        zone, hour = chance.choice(zones), chance.randrange(6)
        today = preferences.set_day(ada, settings_of(zone, hour)).today
        if moment < end:
            end = max(days.ends_at(LAST_DAY, zone, hour), min(end, moment + timedelta(hours=24)))
        assert today >= latest
        assert (today > LAST_DAY) == bool(closed(database))
        if today > latest:
            kept.append(today)
            diary.record(ada, today, Mood.GOOD, f"tap{number:05}")
            with pytest.raises(DayLocked):
                diary.record(ada, latest, Mood.BAD, f"late{number:05}")
        latest = today
        year_end.seal_ended_years()
    board = make_closed_years(database).board(ada.person, 2026)
    assert [entry.day for entry in board.entries] == [day for day in kept if day <= LAST_DAY]
    assert [entry.day for entry in diary.read(ada).entries] == [
        day for day in kept if day > LAST_DAY
    ]
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM sealed_years")) == 1


def test_who_moves_from_kiritimati_to_pago_pago_before_the_close_has_25_hours_more(
    year_end, join, diary, database, moved_clock
):
    moved_clock.set(2026, 12, 31, 9, 59)
    ada = join("ada", "Pacific/Kiritimati")
    diary.record(ada, LAST_DAY, Mood.GOOD, "tap00001")
    Preferences(database).set_day(ada, settings_of("Pacific/Pago_Pago"))
    for now in (datetime(2026, 12, 31, 10, tzinfo=UTC), datetime(2027, 1, 1, 10, 59, tzinfo=UTC)):
        moved_clock.moment = now
        year_end.seal_ended_years()
        assert closed(database) == set()
    diary.record(ada, LAST_DAY, Mood.GREAT, "tap00002")
    moved_clock.set(2027, 1, 1, 11)
    year_end.seal_ended_years()
    board = make_closed_years(database).board(ada.person, 2026)
    assert [entry.mood for entry in board.entries] == [Mood.GOOD, Mood.GREAT]


def test_who_moves_from_kiritimati_to_pago_pago_after_the_close_has_the_new_year_only(
    year_end, join, diary, database, moved_clock
):
    moved_clock.set(2026, 12, 31, 9, 59)
    ada = join("ada", "Pacific/Kiritimati")
    diary.record(ada, LAST_DAY, Mood.GOOD, "tap00001")
    moved_clock.set(2026, 12, 31, 10)
    year_end.seal_ended_years()
    moved = Preferences(database).set_day(ada, settings_of("Pacific/Pago_Pago"))
    assert moved.today == date(2027, 1, 1)
    with pytest.raises(DayLocked):
        diary.record(ada, LAST_DAY, Mood.GREAT, "tap00002")
    moved_clock.set(2027, 1, 1, 11)
    year_end.seal_ended_years()
    board = make_closed_years(database).board(ada.person, 2026)
    assert [entry.mood for entry in board.entries] == [Mood.GOOD]


def test_half_a_day_is_closed_as_the_half_that_it_is(year_end, join, diary, database, moved_clock):
    moved_clock.set(2026, 12, 31, 12)
    ada = join()
    diary.record(ada, LAST_DAY, Mood.BAD, "tap00001")
    diary.record(ada, LAST_DAY, Mood.GREAT, "tap00002")
    diary.take_back(ada, LAST_DAY, "tap00001", "back0001")
    moved_clock.set(2027, 1, 1)
    year_end.seal_ended_years()
    (entry,) = make_closed_years(database).board(ada.person, 2026).entries
    assert (entry.day, entry.slot, entry.mood) == (LAST_DAY, 2, Mood.GREAT)


def test_the_29th_of_february_is_in_the_closed_year(year_end, join, diary, database, moved_clock):
    moved_clock.set(2028, 2, 29, 12)
    ada = join()
    diary.record(ada, date(2028, 2, 29), Mood.GOOD, "tap00001")
    moved_clock.set(2029, 1, 1)
    year_end.seal_ended_years()
    board = make_closed_years(database).board(ada.person, 2028)
    assert [entry.day for entry in board.entries] == [date(2028, 2, 29)]
    assert board.days_so_far == 366


def test_somebody_without_any_mood_has_nothing_closed(year_end, join, database, moved_clock):
    join()
    moved_clock.set(2027, 1, 1)
    year_end.seal_ended_years()
    assert closed(database) == set()


def test_a_tap_that_races_the_close_is_in_the_closed_year_or_refused(
    year_end, join, diary, database, moved_clock
):
    """It is never in both years, nor in neither; the long form is MOODTRACKER_TEST_RACES=1000."""
    ada = join()
    closed_years = make_closed_years(database)
    accepted = refused = 0
    for round_ in range(RACES):
        moved_clock.set(2026, 12, 31, 12)
        with database.write() as session:
            session.execute(text("DELETE FROM sealed_years"))
            session.execute(text("UPDATE users SET latest_day = NULL, open_year = NULL"))
        diary.record(ada, LAST_DAY, Mood.GOOD, f"first{round_:04}")
        barrier = threading.Barrier(2)
        answers: list[bool] = []

        def tap(round_=round_, barrier=barrier, answers=answers) -> None:
            barrier.wait()
            try:
                diary.record(ada, LAST_DAY, Mood.GREAT, f"racer{round_:04}")
                answers.append(True)
            except DayLocked:
                answers.append(False)

        tapping = threading.Thread(target=tap)
        tapping.start()
        barrier.wait()
        moved_clock.set(2027, 1, 1)
        year_end.seal_ended_years()
        tapping.join()
        year_end.seal_ended_years()
        board = closed_years.board(ada.person, 2026)
        assert len(board.entries) == (2 if answers == [True] else 1)
        accepted += answers == [True]
        refused += answers == [False]
        with database.read() as session:
            assert session.scalar(text("SELECT count(*) FROM entries")) == 0
    assert accepted + refused == RACES
