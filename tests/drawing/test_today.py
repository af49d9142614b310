from datetime import UTC, date, datetime

import pytest

from moodtracker.board import Board, Entry
from moodtracker.drawing import today
from moodtracker.moods import Mood

DAY = date(2026, 11, 23)


def entry(mood, slot=1, tap="tap00001", hour=8, note=""):
    return Entry(DAY, slot, mood, datetime(2026, 11, 23, hour, 12, tzinfo=UTC), tap, note)


def board(*entries):
    return Board(2026, "Europe/Berlin", entries, DAY)


TWO = (entry(Mood.GOOD), entry(Mood.BAD, 2, tap="tap00002"))


@pytest.mark.parametrize(
    ("entries", "hint", "used"),
    [
        ((), "pick one mood, or two over the day", 0),
        (TWO[:1], "you can add one more mood today", 1),
        (TWO, "both moods", 2),
    ],
)
def test_the_card_says_how_many_moods_are_left(entries, hint, used):
    markup = today.card(board(*entries), person_id=7)
    assert f"23 November · {hint}" in markup
    assert f'data-used="{used}"' in markup
    assert 'data-day="2026-11-23" data-person="7"' in markup


def test_the_picked_moods_are_pressed_and_the_others_are_not():
    markup = today.card(board(entry(Mood.GOOD)), 1)
    pressed = [mood for mood in Mood if f'data-mood="{mood}" aria-pressed="true"' in markup]
    assert pressed == [Mood.GOOD]


def test_a_tap_changes_the_hint_and_the_moods_that_are_in():
    assert today.values(board(entry(Mood.GOOD, note="tea"))) == {
        "hint": "23 November · you can add one more mood today",
        "slots": [(1, "tap00001", 4, "Good at 09:12", "tea")],
    }


def test_the_pattern_of_an_entry_filled_in_is_the_entry_as_it_is_drawn():
    markup = today.card(board(entry(Mood.GOOD, note="tea")), 1)
    pattern = markup.partition('<template id="pattern">')[2].partition("</template>")[0]
    (values,) = today.values(board(entry(Mood.GOOD, note="tea")))["slots"]
    for place, value in enumerate(values):
        pattern = pattern.replace(f"{{{place}}}", str(value))
    assert f'<div id="entries">{pattern}</div>' in markup


def test_what_a_page_sent_and_a_person_wrote_is_escaped():
    markup = today.card(board(entry(Mood.GOOD, tap='"><script>', note="<script>")), 1)
    assert "<script>" not in markup


def test_where_slots_are_named_the_moods_are_those_of_morning_and_evening():
    (first, second) = today.values(board(*TWO), labels=True)["slots"]
    assert (first[3], second[3]) == ("Morning: Good at 09:12", "Evening: Bad at 09:12")
    evening_alone = today.values(board(TWO[1]), labels=True)
    assert "you can add one for the morning" in evening_alone["hint"]


def test_the_number_keys_can_be_turned_off():
    assert "aria-keyshortcuts" in today.card(board(), 1)
    without = today.card(board(), 1, keys=False)
    assert "aria-keyshortcuts" not in without
    assert "data-keys" not in without


def test_a_closed_year_has_no_card_for_today():
    with pytest.raises(ValueError, match="no today"):
        today.card(Board(2026, "UTC", ()), 1)
