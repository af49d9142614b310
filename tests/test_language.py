from datetime import date, time

import pytest
from babel import Locale
from babel.dates import format_skeleton, format_time
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from moodtracker import language
from moodtracker.language import ENGLISH, direction, gettext, preferred, speaking, spoken


def test_english_is_spoken_where_nothing_else_was_said():
    assert (spoken(), direction(), gettext("Sign in")) == ("en", "ltr", "Sign in")


def test_a_language_that_is_not_known_is_english():
    with speaking("tlh"):
        assert spoken() == ENGLISH


@pytest.mark.parametrize(
    "wish", ["", "tlh", "*", "en-GB,en;q=0.9", "xx;q=oops, en", "en;q=0", ",;q=,", "a" * 10_000]
)
def test_a_browser_that_wishes_for_nothing_we_have_gets_english(wish):
    assert preferred(wish) == ENGLISH


def test_days_times_and_numbers_are_said_as_a_person_would():
    assert language.full_day(date(2026, 11, 23)) == "Monday 23 November"
    assert language.day_and_month(date(2026, 11, 23)) == "23 November"
    assert (language.month(11), language.month(11, "abbreviated")) == ("November", "Nov")
    assert {len(language.month(number, "abbreviated")) for number in range(1, 13)} == {3}
    assert (language.weekday(0), language.weekday(6, "abbreviated")) == ("Monday", "Sun")
    assert language.time_of_day(time(9, 5)) == "09:05"
    assert language.number(1234) == "1,234"
    assert language.first_weekday() == 0


@given(st.dates(), st.times(), st.integers(0, 10**12))
def test_english_which_goes_without_babel_is_as_it_says(day, at, count):
    british = Locale("en", "GB")
    assert language.day_and_month(day) == format_skeleton("MMMMd", day, locale=british)
    assert language.weekday(day.weekday()) == british.days["stand-alone"]["wide"][day.weekday()]
    assert language.time_of_day(at) == format_time(at, "short", locale=british)
    assert language.number(count) == format_decimal(count, locale=british)
