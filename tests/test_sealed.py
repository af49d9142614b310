import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moodtracker import sealed
from moodtracker.board import Board, Entry
from moodtracker.moods import Mood

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 2)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)
entries = st.lists(
    st.builds(
        Entry,
        st.integers(0, 364).map(lambda number: date(2026, 1, 1) + timedelta(days=number)),
        st.integers(1, 2),
        st.sampled_from(Mood),
        moments,
        st.just(""),  # the tap is not sealed
        st.text(max_size=280),
    ),
    unique_by=lambda entry: (entry.day, entry.slot),
).map(sorted)


@given(entries)
def test_a_sealed_year_comes_back_as_it_was_to_the_microsecond(kept):
    board = sealed.unpack(2026, "Asia/Tokyo", sealed.pack(kept))
    assert board == Board(2026, "Asia/Tokyo", tuple(kept))


def test_a_sealed_year_is_over():
    assert sealed.unpack(2026, "UTC", sealed.pack([])).today is None


def test_moods_come_back_as_moods():
    entry = Entry(date(2026, 5, 1), 1, Mood.GREAT, datetime(2026, 5, 1, tzinfo=UTC))
    (back,) = sealed.unpack(2026, "UTC", sealed.pack([entry])).entries
    assert back.mood is Mood.GREAT


def test_the_record_holds_day_slot_mood_and_moment_and_not_the_tap():
    moment = datetime(2026, 5, 1, 8, tzinfo=UTC)
    packed = sealed.pack([Entry(date(2026, 5, 1), 2, Mood.BAD, moment, "tap-7")])
    assert json.loads(packed) == [["2026-05-01", 2, 2, "2026-05-01T08:00:00+00:00"]]


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "[[",
        '[["2026-05-01", 1, 6, "2026-05-01T08:00:00+00:00"]]',
        '[["2026-13-01", 1, 5, "2026-05-01T08:00:00+00:00"]]',
        '[["2026-05-01", 1, 5, "noon"]]',
        '[["2026-05-01", 1, 5]]',
    ],
)
def test_a_damaged_record_is_refused(damaged):
    with pytest.raises(ValueError):  # noqa: PT011
        sealed.unpack(2026, "UTC", damaged)
