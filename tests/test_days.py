import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moodtracker import days
from support.server import ROOT

ZONES = sorted(days.zone_names())
FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2037, 12, 30, tzinfo=UTC)

zones = st.sampled_from(ZONES)
hours = st.integers(0, days.LATEST_DAY_END_HOUR)
moments = st.integers(int(FIRST.timestamp()), int(LAST.timestamp())).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
dates = st.dates(date(1970, 1, 2), date(2037, 12, 30))

# Zones whose clocks change at midnight, by half an hour, by two hours or over the date line.
WILD = [
    ("America/St_Johns", 2010),  # at 00:01
    ("Africa/Casablanca", 2023),  # twice for Ramadan
    ("America/Sao_Paulo", 2018),  # at midnight
    ("Asia/Beirut", 2022),  # at midnight
    ("Antarctica/Troll", 2025),  # by two hours
    ("Australia/Lord_Howe", 2025),  # by half an hour
    ("Pacific/Apia", 2011),  # over the date line
    ("America/Havana", 2024),  # back to midnight
]


def utc(*when):
    return datetime(*when, tzinfo=UTC)


@given(moments, zones, hours)
@example(utc(2011, 12, 30, 10), "Pacific/Apia", 0)
@example(utc(2011, 12, 30, 12), "Pacific/Apia", 5)
def test_every_moment_belongs_to_exactly_one_day(moment, zone, hour):
    day = days.day_of(moment, zone, hour)
    assert days.begins_at(day, zone, hour) <= moment < days.ends_at(day, zone, hour)
    for other in (day + timedelta(days=away) for away in (-2, -1, 1, 2)):
        begin, end = days.begins_at(other, zone, hour), days.ends_at(other, zone, hour)
        assert not begin <= moment < end


@given(moments, zones, hours, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_the_day_never_goes_backwards_as_time_goes_on(moment, zone, hour, later):
    assert days.day_of(moment, zone, hour) <= days.day_of(moment + later, zone, hour)


@pytest.mark.parametrize("hour", [0, 1, 5])
@pytest.mark.parametrize(("zone", "year"), WILD)
def test_the_day_goes_forward_through_a_whole_year_of_a_wild_zone(zone, year, hour):
    moment, end = utc(year, 1, 1), utc(year + 1, 1, 1)
    before = days.day_of(moment, zone, hour)
    while moment < end:
        moment += timedelta(minutes=30)
        day = days.day_of(moment, zone, hour)
        assert day - before in (timedelta(0), timedelta(days=1), timedelta(days=2))
        if day - before == timedelta(days=2):
            assert (zone, day) == ("Pacific/Apia", date(2011, 12, 31))
        before = day


@given(dates, zones, hours)
def test_one_day_begins_where_the_one_before_ends_and_never_before_it_began(day, zone, hour):
    begin, end = days.begins_at(day, zone, hour), days.ends_at(day, zone, hour)
    assert end == days.begins_at(day + timedelta(days=1), zone, hour)
    assert begin <= end
    assert begin.tzinfo is UTC


def skipped_in_kiritimati():
    """The zone databases of different years disagree about which day it was."""
    zone = ZoneInfo("Pacific/Kiritimati")
    hours_around = (utc(1994, 12, 29) + timedelta(hours=n) for n in range(24 * 6))
    seen = {moment.astimezone(zone).date() for moment in hours_around}
    (skipped,) = {date(1994, 12, 31), date(1995, 1, 1)} - seen
    return skipped


@pytest.mark.parametrize("hour", range(6))
@pytest.mark.parametrize(
    ("zone", "skipped"),
    [("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Kiritimati", skipped_in_kiritimati())],
)
def test_a_day_that_a_zone_skipped_is_never_today(zone, skipped, hour):
    assert days.begins_at(skipped, zone, hour) == days.ends_at(skipped, zone, hour)
    start = datetime.combine(skipped - timedelta(days=3), datetime.min.time(), UTC)
    seen = {days.day_of(start + timedelta(minutes=5 * n), zone, hour) for n in range(6 * 24 * 12)}
    assert skipped not in seen
    assert {skipped - timedelta(days=1), skipped + timedelta(days=1)} <= seen


def test_a_day_ends_at_midnight_unless_the_person_says_otherwise():
    assert days.day_of(utc(2026, 11, 24, 23, 59, 59), "UTC") == date(2026, 11, 24)
    assert days.day_of(utc(2026, 11, 25), "UTC") == date(2026, 11, 25)


def test_four_fifty_nine_still_belongs_to_the_day_before_where_days_end_at_five():
    assert days.day_of(utc(2026, 11, 25, 4, 59, 59), "UTC", 5) == date(2026, 11, 24)
    assert days.day_of(utc(2026, 11, 25, 5), "UTC", 5) == date(2026, 11, 25)


def test_the_hour_at_which_a_day_ends_is_the_persons_wall_clocks():
    berlin = "Europe/Berlin"
    assert days.begins_at(date(2026, 7, 1), berlin, 3) == utc(2026, 7, 1, 1)
    assert days.begins_at(date(2026, 12, 1), berlin, 3) == utc(2026, 12, 1, 2)


@pytest.mark.parametrize(
    ("day", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_is_as_long_as_the_clocks_make_it(day, length):
    lasts = days.ends_at(day, "Europe/Berlin") - days.begins_at(day, "Europe/Berlin")
    assert lasts == timedelta(hours=length)


def test_of_an_hour_that_clocks_repeat_the_first_one_begins_the_day():
    # Berlin, 25 October 2026: 02:00 comes at 00:00 UTC and again at 01:00 UTC.
    assert days.begins_at(date(2026, 10, 25), "Europe/Berlin", 2) == utc(2026, 10, 25, 0)
    assert days.day_of(utc(2026, 10, 25, 1, 30), "Europe/Berlin", 2) == date(2026, 10, 25)


def test_an_hour_repeated_at_midnight_does_not_bring_yesterday_back():
    # Beirut went from 24:00 back to 23:00: at 21:30 UTC it was 23:30 for the second time.
    before = days.day_of(utc(2022, 10, 29, 20, 59), "Asia/Beirut")
    assert before == date(2022, 10, 29)
    assert days.day_of(utc(2022, 10, 29, 21, 30), "Asia/Beirut") >= before


@pytest.mark.parametrize(
    ("zone", "day", "hour", "jump"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 2, utc(2026, 3, 29, 1)),  # 02:00 to 03:00
        ("America/Sao_Paulo", date(2018, 11, 4), 0, utc(2018, 11, 4, 3)),  # 00:00 to 01:00
        ("Asia/Beirut", date(2022, 3, 27), 0, utc(2022, 3, 26, 22)),  # 00:00 to 01:00
        ("Antarctica/Troll", date(2025, 3, 30), 1, utc(2025, 3, 30, 1)),  # 01:00 to 03:00
    ],
)
def test_an_hour_that_clocks_skip_counts_from_where_they_jump(zone, day, hour, jump):
    assert days.begins_at(day, zone, hour) == jump


@pytest.mark.parametrize(
    ("zone", "day", "hour", "moment"),
    [
        ("Antarctica/Troll", date(2025, 3, 30), 2, utc(2025, 3, 30, 2)),  # 01:00 to 03:00
        ("America/St_Johns", date(2010, 3, 14), 1, utc(2010, 3, 14, 4, 30)),  # 00:01 to 01:01
    ],
)
def test_an_hour_amid_a_gap_is_told_by_what_the_clocks_showed_before(zone, day, hour, moment):
    assert days.begins_at(day, zone, hour) == moment


def test_the_29th_of_february_is_a_day_like_any_other():
    assert days.day_of(utc(2028, 2, 29, 12), "UTC") == date(2028, 2, 29)
    assert days.ends_at(date(2028, 2, 28), "UTC") == utc(2028, 2, 29)
    assert days.ends_at(date(2028, 2, 29), "UTC") == utc(2028, 3, 1)
    assert days.ends_at(date(2027, 2, 28), "UTC") == utc(2027, 3, 1)


@pytest.mark.parametrize(
    ("zone", "hour", "end"),
    [
        ("Pacific/Kiritimati", 0, utc(2026, 12, 31, 10)),
        ("Asia/Kathmandu", 0, utc(2026, 12, 31, 18, 15)),
        ("UTC", 0, utc(2027, 1, 1, 0)),
        ("America/Los_Angeles", 0, utc(2027, 1, 1, 8)),
        ("Pacific/Pago_Pago", 0, utc(2027, 1, 1, 11)),
        ("Etc/GMT+12", 0, utc(2027, 1, 1, 12)),
        ("Etc/GMT+12", 5, utc(2027, 1, 1, 17)),
    ],
)
def test_a_year_ends_at_the_end_of_the_persons_own_31_december(zone, hour, end):
    assert days.ends_at(date(2026, 12, 31), zone, hour) == end
    assert days.day_of(end - timedelta(seconds=1), zone, hour) == date(2026, 12, 31)
    assert days.day_of(end, zone, hour) == date(2027, 1, 1)


NOON = utc(2026, 11, 24, 12)
LOCAL = date(2026, 11, 24)


def test_today_is_the_local_day_for_who_has_written_nothing():
    assert days.today(NOON, "UTC") == LOCAL


@pytest.mark.parametrize("ahead", [1, 2])
def test_after_a_move_west_today_stays_the_latest_day_written(ahead):
    latest = LOCAL + timedelta(days=ahead)
    assert days.today(NOON, "UTC", latest_day=latest) == latest


def test_today_goes_on_once_the_local_date_has_caught_up():
    latest = LOCAL + timedelta(days=1)
    assert days.today(utc(2026, 11, 25, 23, 59), "UTC", latest_day=latest) == latest
    assert days.today(utc(2026, 11, 26), "UTC", latest_day=latest) == date(2026, 11, 26)


@pytest.mark.parametrize("ahead", [3, 30, 3650])
def test_a_day_written_by_a_wrong_clock_does_not_hold_today_back(ahead):
    assert days.today(NOON, "UTC", latest_day=LOCAL + timedelta(days=ahead)) == LOCAL


@pytest.mark.parametrize("behind", [0, 1, 400])
def test_a_latest_day_of_the_past_leaves_today_alone(behind):
    assert days.today(NOON, "UTC", latest_day=LOCAL - timedelta(days=behind)) == LOCAL


@given(moments, zones, zones, hours, hours)
def test_no_move_between_two_zones_makes_today_go_back(moment, here, there, hour, other_hour):
    written = days.today(moment, here, hour)
    assert days.today(moment, there, other_hour, latest_day=written) >= written


def test_zones_to_choose_from_are_places_and_no_files_of_the_system():
    assert {"UTC", "Europe/Berlin", "Pacific/Kiritimati", "Asia/Tehran"} <= days.zone_names()
    assert not [
        name for name in ZONES if name.startswith(("posix/", "right/")) or name == "localtime"
    ]


@given(zones)
def test_every_zone_to_choose_from_can_be_used(zone):
    assert days.day_of(NOON, zone) - LOCAL in (timedelta(0), timedelta(days=1))


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "08:05"),
        ("Europe/Berlin", "09:05"),
        ("Asia/Kathmandu", "13:50"),
        ("America/Los_Angeles", "00:05"),
        ("Pacific/Kiritimati", "22:05"),
    ],
)
def test_a_moment_is_shown_as_the_persons_wall_clock_shows_it(zone, shown):
    assert days.clock_time(utc(2026, 11, 24, 8, 5, 59), zone) == shown


@given(zones, st.integers(1980, 2036), st.data())
@example("Australia/Lord_Howe", 2025, None)
def test_many_moments_are_told_as_each_would_be_alone(zone, year, data):
    begin, length = datetime(year - 1, 12, 1, tzinfo=UTC), 430 * 24 * 60
    if data is None:
        minutes = range(0, length, 30)
    else:
        minutes = data.draw(st.lists(st.integers(0, length), max_size=60))
    when = [begin + timedelta(minutes=minute) for minute in minutes]
    local = [moment.astimezone(ZoneInfo(zone)) for moment in when]
    told = days.wall_minutes([str(moment.replace(tzinfo=None)) for moment in when], zone, year)
    assert told == [each.hour * 60 + each.minute for each in local]


@pytest.mark.parametrize(("zone", "year"), WILD)
def test_many_moments_are_told_right_to_the_second_around_a_change(zone, year):
    start = datetime(year, 1, 1, tzinfo=UTC)
    hours_of_change = [
        start + timedelta(hours=hour)
        for hour in range(366 * 24)
        if (start + timedelta(hours=hour)).astimezone(ZoneInfo(zone)).utcoffset()
        != (start + timedelta(hours=hour + 1)).astimezone(ZoneInfo(zone)).utcoffset()
    ]
    assert hours_of_change
    when = [at + timedelta(seconds=second) for at in hours_of_change for second in range(3601)]
    local = [moment.astimezone(ZoneInfo(zone)) for moment in when]
    told = days.wall_minutes([str(moment.replace(tzinfo=None)) for moment in when], zone, year)
    assert told == [each.hour * 60 + each.minute for each in local]


def test_only_days_makes_a_zone_of_a_name():
    makers = [
        file.relative_to(ROOT).as_posix()
        for folder in ("moodtracker", "pages")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(r"\b(ZoneInfo|gettz|timezone)\(", file.read_text())
    ]
    assert makers == ["moodtracker/days.py"]
