from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moodtracker import days
from moodtracker.accounts import sessions
from moodtracker.accounts.registration import InvalidInput
from moodtracker.diary import DayLocked
from moodtracker.moods import Mood
from moodtracker.preferences import Preferences

LAST_DAY = date(2026, 12, 31)


@pytest.fixture
def preferences(database):
    return Preferences(database)


@pytest.fixture
def now_of(database):
    """The person behind a session, as of now."""

    def look(who):
        with database.read() as session:
            return sessions.still_signed_in(session, who)

    return look


def day(zone, hour=0):
    return {"zone": zone, "day_end_hour": str(hour)}


def test_names_are_taken_trimmed(preferences, join, now_of):
    ada = join()
    preferences.rename(ada, {"first_name": "  Ada  Maria ", "last_name": "Lovelace"})
    assert (now_of(ada).first_name, now_of(ada).last_name) == ("Ada Maria", "Lovelace")


@pytest.mark.parametrize("name", ["", "   ", "\u200d", "a" * 81, "nul\0"])
def test_a_first_name_that_nobody_can_read_is_refused(preferences, join, now_of, name):
    ada = join()
    with pytest.raises(InvalidInput) as refused:
        preferences.rename(ada, {"first_name": name})
    assert list(refused.value.messages) == ["first_name"]
    assert now_of(ada).first_name == "Ada"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"zone": "Mars/Olympus", "day_end_hour": "0"}, ["zone"]),
        ({"zone": "UTC", "day_end_hour": "6"}, ["day_end_hour"]),
        ({"zone": "UTC", "day_end_hour": "-1"}, ["day_end_hour"]),
        ({}, ["zone", "day_end_hour"]),
    ],
)
def test_a_day_that_there_is_not_is_refused(preferences, join, given, wrong):
    with pytest.raises(InvalidInput) as refused:
        preferences.set_day(join(), given)
    assert list(refused.value.messages) == wrong


def test_a_day_that_was_over_is_not_opened_again_by_a_change_of_zone(
    preferences, diary, join, moved_clock
):
    moved_clock.set(2026, 11, 24, 22)
    ada = join("ada", "Europe/Berlin")
    diary.record(ada, date(2026, 11, 24), Mood.GOOD, "tap00001")
    moved_clock.set(2026, 11, 25, 0, 30)
    assert preferences.set_day(ada, day("America/Los_Angeles", 5)).today == date(2026, 11, 25)
    with pytest.raises(DayLocked):
        diary.change(ada, date(2026, 11, 24), "tap00001", Mood.BAD, "tap00002")


def test_a_move_east_on_the_last_day_leaves_the_year_a_day(
    preferences, diary, join, moved_clock, now_of
):
    moved_clock.set(2026, 12, 31, 0)
    ada = join("ada", "America/Los_Angeles")
    assert now_of(ada).today == date(2026, 12, 30)
    moved_clock.set(2026, 12, 31, 12)
    preferences.set_day(ada, day("Pacific/Kiritimati"))
    assert now_of(ada).today == LAST_DAY
    assert now_of(ada).ends_at(now_of(ada).today) == datetime(2027, 1, 1, 8, tzinfo=UTC)
    diary.record(ada, LAST_DAY, Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1, 8)
    assert now_of(ada).today == date(2027, 1, 1)


def test_a_move_east_long_before_the_year_ends_just_counts(preferences, join, moved_clock, now_of):
    moved_clock.set(2026, 12, 20, 12)
    ada = join("ada", "America/Los_Angeles")
    preferences.set_day(ada, day("Pacific/Kiritimati"))
    assert now_of(ada).year_open_until is None


@given(
    st.integers(0, 14 * 24 * 60),
    st.sampled_from(sorted(days.zone_names())),
    st.sampled_from(sorted(days.zone_names())),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_no_change_ends_a_year_sooner_than_in_a_day_unless_it_would_have(minute, old, new, a, b):
    """Y7, by the rule alone: whenever, from wherever, to wherever."""
    moment = datetime(2026, 12, 20, tzinfo=UTC) + timedelta(minutes=minute)
    today = days.today(moment, old, a)
    if today.year != 2026:
        return
    old_end = days.year_ends_at(today, old, a)
    earliest = min(old_end, moment + timedelta(hours=24))
    new_end = days.year_ends_at(today, new, b)
    held = earliest if new_end < earliest else None
    just_before = max(new_end, earliest) - timedelta(seconds=1)
    assert days.today(just_before, new, b, today, held).year == 2026
    assert days.today(max(new_end, earliest), new, b, today, held).year == 2027


def test_a_look_is_taken_and_an_unknown_one_refused(preferences, join, now_of):
    ada = join()
    preferences.set_look(ada, {"theme": "dark", "faces_in_squares": "on", "language": "en"})
    person = now_of(ada)
    assert (person.theme, person.faces_in_squares, person.number_keys) == ("dark", True, False)
    assert person.language == "en"
    with pytest.raises(InvalidInput) as refused:
        preferences.set_look(ada, {"theme": "pink", "language": "tlh"})
    assert list(refused.value.messages) == ["theme", "language"]


def test_a_reminder_is_off_at_first_and_taken_to_the_minute(preferences, join):
    ada = join()
    assert not preferences.reminder(ada).wanted
    preferences.set_reminder(ada, {"reminder": "on", "reminder_at": "07:30"})
    reminder = preferences.reminder(ada)
    assert (reminder.wanted, f"{reminder.at:%H:%M}") == (True, "07:30")
    for wrong in ("", "25:00", "noon", "07:30+02:00"):
        with pytest.raises(InvalidInput):
            preferences.set_reminder(ada, {"reminder_at": wrong})


def test_notes_stay_out_of_the_mail_until_they_are_asked_for(preferences, join, now_of):
    ada = join()
    assert not now_of(ada).notes_in_mail
    assert now_of(ada).notes_answered_at is None
    preferences.set_notes_in_mail(ada, wanted=True)
    assert now_of(ada).notes_in_mail
    assert now_of(ada).notes_answered_at is not None


def test_open_pages_hear_of_a_choice(preferences, join, live):
    ada, heard = join(), []
    live.follow(ada.person.id, lambda: heard.append(1))
    preferences.set_look(ada, {"theme": "light"})
    assert heard
