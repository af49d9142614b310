import re
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from moodtracker.board import Board, Entry
from moodtracker.drawing import numbers
from moodtracker.drawing.values import changes
from moodtracker.moods import Mood

TODAY = date(2026, 11, 23)  # a Monday


def board(*moods):
    entries = tuple(
        Entry(day, slot, mood, datetime(2026, 11, 23, tzinfo=UTC)) for day, slot, mood in moods
    )
    return Board(2026, "UTC", entries, TODAY)


def test_a_bar_says_of_which_moods_its_month_was_made():
    shown = board((TODAY, 1, Mood.GREAT), (TODAY, 2, Mood.BAD), (date(2026, 11, 1), 1, Mood.BAD))
    style, said = numbers.values(shown)["mix-m11"]
    assert said == "1 great, 2 bad"
    assert style == "--e5:33%;--e4:33%;--e3:33%;--e2:100%"


def test_a_month_without_moods_says_so():
    assert numbers.values(board())["mix-m11"] == ["", "no moods"]


def test_there_is_a_bar_for_each_month_and_each_weekday_and_a_tap_changes_two():
    empty, tapped = board(), board((TODAY, 1, Mood.GOOD))
    bars = re.findall(r'id="(mix-[mw]\d+)"', numbers.card(tapped))
    assert bars == [f"mix-m{n}" for n in range(1, 13)] + [f"mix-w{n}" for n in range(1, 8)]
    changed = dict(changes(numbers.values(empty), numbers.values(tapped)))
    assert list(changed) == ["mix-m11", "mix-w1"]


@given(st.lists(st.sampled_from(Mood), min_size=1, max_size=60))
def test_the_parts_of_a_bar_end_in_order_and_each_mood_has_its_share(moods):
    days = [(date(2026, 11, 1 + n % 30), 1 + n // 30, mood) for n, mood in enumerate(moods)]
    style, _ = numbers.values(board(*days))["mix-m11"]
    ends = [int(end) for end in re.findall(r":(\d+)%", style)]
    assert ends == sorted(ends)
    shares = [end - before for before, end in zip([0, *ends], [*ends, 100], strict=True)]
    for mood, share in zip(reversed(Mood), shares, strict=True):
        assert abs(share - 100 * moods.count(mood) / len(moods)) <= 1
