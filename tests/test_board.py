"""A board answers what the pages, the pictures and the mail ask of it."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moodtracker.board import Board, Entry
from moodtracker.moods import Mood


def entry(day: date, mood: Mood, slot: int = 1) -> Entry:
    return Entry(day, slot, mood, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def board(*entries: Entry, today: date | None = None, year: int = 2026) -> Board:
    return Board(year, "Europe/Berlin", entries, today)


days_of_the_year = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def test_a_day_gives_its_entries_first_slot_first() -> None:
    morning = entry(date(2026, 3, 1), Mood.BAD, 1)
    evening = entry(date(2026, 3, 1), Mood.GREAT, 2)
    assert board(morning, evening).on(date(2026, 3, 1)) == (morning, evening)
    assert board(morning, evening).on(date(2026, 3, 2)) == ()


def test_a_year_has_twelve_months_with_all_their_days() -> None:
    months = dict(board().months())
    assert list(months) == list(range(1, 13))
    assert sum(map(len, months.values())) == 365
    assert len(dict(board(year=2028).months())[2]) == 29


def test_days_kept_counts_days_and_not_moods() -> None:
    day = date(2026, 3, 1)
    assert board(entry(day, Mood.BAD, 1), entry(day, Mood.GOOD, 2)).days_kept == 1


def test_days_so_far_ends_today_and_is_the_whole_year_once_it_is_closed() -> None:
    assert board(today=date(2026, 1, 1)).days_so_far == 1
    assert board(today=date(2026, 11, 23)).days_so_far == 327
    assert board().days_so_far == 365
    assert board(year=2028).days_so_far == 366


def test_only_an_open_board_has_a_day_to_write_on() -> None:
    assert board(today=date(2026, 11, 23)).open_day == date(2026, 11, 23)
    with pytest.raises(ValueError, match="closed"):
        _ = board().open_day


def test_an_empty_board_has_no_favourites() -> None:
    assert board().most_often is None
    assert board().brightest_month is None
    assert board().brightest_weekday is None
    assert board().counts == dict.fromkeys(Mood, 0)


def test_of_moods_picked_equally_often_the_brighter_one_is_named() -> None:
    tied = board(entry(date(2026, 1, 1), Mood.GOOD), entry(date(2026, 1, 2), Mood.AWFUL))
    assert tied.most_often is Mood.GOOD


def test_the_brightest_month_and_weekday_have_the_highest_mean_and_not_the_most_moods() -> None:
    many = [entry(date(2026, 1, day), Mood.GOOD) for day in range(1, 32)]
    few = [entry(date(2026, 6, 6), Mood.GREAT)]  # a Saturday
    assert board(*many, *few).brightest_month == 6
    assert board(*many, *few).brightest_weekday == 5


def test_of_equally_bright_months_and_weekdays_the_earliest_is_named() -> None:
    tied = board(entry(date(2026, 9, 1), Mood.OKAY), entry(date(2026, 2, 2), Mood.OKAY))
    assert tied.brightest_month == 2
    assert tied.brightest_weekday == 0


@given(st.lists(st.tuples(days_of_the_year, st.sampled_from(Mood)), unique_by=lambda pair: pair[0]))
def test_the_counts_add_up_to_the_entries(picked: list[tuple[date, Mood]]) -> None:
    drawn = board(*(entry(day, mood) for day, mood in sorted(picked)))
    assert sum(drawn.counts.values()) == len(drawn.entries) == drawn.days_kept
    assert list(drawn.counts) == list(Mood)
    if picked:
        assert drawn.most_often is not None
        assert drawn.counts[drawn.most_often] == max(drawn.counts.values())
