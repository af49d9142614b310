import re
from datetime import UTC, date, datetime

import pytest

from moodtracker.board import Board, Entry
from moodtracker.drawing import html
from moodtracker.moods import Mood

TODAY = date(2026, 11, 23)


def entry(mood, slot=1, day=TODAY, tap="tap00001", hour=8):
    moment = datetime(day.year, day.month, day.day, hour, 12, tzinfo=UTC)
    return Entry(day, slot, mood, moment, tap)


def board(*entries, today=TODAY):
    return Board(2026, "Europe/Berlin", entries, today)


def square(markup, words):
    """The table cell whose title begins with these words."""
    (cell,) = re.findall(rf'<td[^>]*title="{words}[^"]*"[^>]*>', markup)
    return cell


def test_the_year_has_a_cell_for_each_day_and_none_beyond():
    markup = html.year_table(board())
    assert markup.count("title=") == 365
    assert markup.count('class="none"') == 12 * 31 - 365
    leap = Board(2028, "UTC", (), date(2028, 3, 1))
    assert html.year_table(leap).count("title=") == 366


def test_each_day_names_its_moods_in_words_with_the_persons_own_time():
    first, second = entry(Mood.GOOD), entry(Mood.BAD, 2, tap="tap00002", hour=20)
    cell = square(html.year_table(board(first, second)), "Monday 23 November")
    assert "Monday 23 November: 🙂 good at 09:12, 🙁 bad at 21:12" in cell
    assert 'class="a4 b2 today"' in cell


def test_a_day_without_a_mood_says_so_and_one_to_come_says_nothing():
    markup = html.year_table(board())
    assert 'Sunday 22 November: no mood"' in square(markup, "Sunday 22 November")
    assert "no mood yet" in square(markup, "Monday 23 November")
    ahead = square(markup, "Tuesday 24 November")
    assert 'title="Tuesday 24 November"' in ahead
    assert "future" in ahead


def test_only_today_can_be_told_apart_by_its_id():
    markup = html.year_table(board())
    assert re.findall(r'id="(day-[^"]*)"', markup) == ["day-2026-11-23"]
    closed = html.year_table(Board(2026, "UTC", ()))
    assert 'id="' not in closed
    assert "future" not in closed


@pytest.mark.parametrize(
    ("entries", "hint", "free"),
    [
        ((), "pick one mood, or two over the day", False),
        ((entry(Mood.GOOD),), "you can add one more mood today", True),
        ((entry(Mood.GOOD), entry(Mood.BAD, 2, tap="tap00002")), "both moods", False),
    ],
)
def test_the_card_says_how_many_moods_are_left(entries, hint, free):
    markup = html.today_card(board(*entries), person_id=7)
    assert f"23 November · {hint}" in markup
    assert ("+ second mood" in markup) is free
    assert 'data-day="2026-11-23" data-person="7"' in markup


def test_the_picked_moods_are_pressed_and_the_others_are_not():
    fragments = html.today_fragments(board(entry(Mood.GOOD)))
    pressed = [mood for mood in Mood if 'aria-pressed="true"' in fragments[f"mood-{mood}"]]
    assert pressed == [Mood.GOOD]


def test_a_tap_changes_a_few_small_elements_alone():
    before = html.today_fragments(board()) | html.year_fragments(board())
    tapped = board(entry(Mood.GOOD))
    after = html.today_fragments(tapped) | html.year_fragments(tapped)
    changed = dict(html.changes(before, after))
    assert sorted(changed) == ["count-4", "day-2026-11-23", "hint", "kept", "mood-4", "slots"]


def test_every_fragment_stands_in_its_card_as_it_is():
    shown = board(entry(Mood.GOOD))
    page = html.today_card(shown, 1) + html.year_card(shown)
    for name, markup in (html.today_fragments(shown) | html.year_fragments(shown)).items():
        assert f'id="{name}"' in markup
        assert markup in page


def test_what_a_page_sent_is_escaped():
    markup = html.today_card(board(entry(Mood.GOOD, tap='"><script>')), 1)
    assert "<script>" not in markup


def test_a_closed_year_has_no_card_for_today():
    with pytest.raises(ValueError, match="no today"):
        html.today_card(Board(2026, "UTC", ()), 1)
