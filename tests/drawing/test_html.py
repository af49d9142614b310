import re
from datetime import UTC, date, datetime
from html import unescape

import pytest

from moodtracker.board import Board, Entry
from moodtracker.drawing import html
from moodtracker.drawing.day_words import DIGITS
from moodtracker.drawing.values import changes
from moodtracker.moods import Mood

TODAY = date(2026, 11, 23)


def entry(mood, slot=1, day=TODAY, tap="tap00001", hour=8):
    moment = datetime(day.year, day.month, day.day, hour, 12, tzinfo=UTC)
    return Entry(day, slot, mood, moment, tap)


def board(*entries, today=TODAY):
    return Board(2026, "Europe/Berlin", entries, today)


def squares(markup):
    """The cells of all days, in order."""
    body = markup.partition("<tbody")[2].partition("</tbody>")[0]
    cells = re.findall(r"<td[^>]*>", body)
    return [unescape(cell) for cell in cells if 'class="none"' not in cell]


def square(markup, day=TODAY):
    return squares(markup)[day.timetuple().tm_yday - 1]


def times(markup):
    """Those that stand together, 'hh:mm'."""
    hours, minutes = (
        [DIGITS.index(digit) for digit in re.search(f'data-{name}="([^"]*)"', markup)[1]]
        for name in ("hours", "minutes")
    )
    return [f"{hour:02}:{minute:02}" for hour, minute in zip(hours, minutes, strict=True)]


def test_the_year_has_a_cell_for_each_day_and_none_beyond():
    markup = html.year_table(board())
    assert len(squares(markup)) == 365
    assert markup.count('class="none"') == 12 * 31 - 365
    leap = Board(2028, "UTC", (), date(2028, 3, 1))
    assert len(squares(html.year_table(leap))) == 366


def test_a_day_has_its_moods_and_their_times_by_the_persons_own_clock():
    day = date(2026, 7, 23)  # in summer time
    first, second = entry(Mood.GOOD, day=day), entry(Mood.BAD, 2, day=day, hour=20)
    markup = html.year_table(board(first, second))
    assert 'class="a4 b2"' in square(markup, day)
    assert times(markup) == ["10:12", "22:12"]


def test_times_stand_in_the_order_of_the_days_without_today_which_has_words_of_its_own():
    days = [date(2026, 1, 1), date(2026, 3, 29), date(2026, 12, 31)]
    entries = [
        entry(Mood.OKAY, day=day, hour=hour) for day, hour in zip(days, (0, 7, 22), strict=True)
    ]
    markup = html.year_table(board(*entries[:2], entry(Mood.GOOD), entries[2]))
    assert times(markup) == ["01:12", "09:12", "23:12"]
    assert times(html.year_table(board())) == []


def test_locked_moods_are_drawn_as_those_that_the_board_has():
    entries = [entry(Mood.GOOD, day=date(2026, 3, 29)), entry(Mood.BAD, 2, date(2026, 3, 29))]
    whole = html.year_table(board(*entries))
    assert html.year_table(board(), board(*entries).in_short) == whole


def test_today_names_its_moods_in_words_with_the_persons_own_time():
    first, second = entry(Mood.GOOD), entry(Mood.BAD, 2, tap="tap00002", hour=20)
    cell = square(html.year_table(board(first, second)))
    assert "Monday 23 November: 🙂 good at 09:12, 🙁 bad at 21:12" in cell
    assert 'class="a4 b2 today"' in cell
    assert "no mood yet" in square(html.year_table(board()))


def test_days_to_come_are_told_from_those_without_a_mood():
    markup = html.year_table(board())
    assert 'class="future"' in square(markup, date(2026, 11, 24))
    assert "class" not in square(markup, date(2026, 11, 22))


def test_only_today_can_be_told_apart_by_its_id():
    markup = html.year_table(board())
    assert re.findall(r'id="(day-[^"]*)"', markup) == ["day-2026-11-23"]
    closed = html.year_table(Board(2026, "UTC", ()))
    assert 'id="' not in closed
    assert "future" not in closed


def test_a_tap_changes_a_few_small_values_alone():
    before, after = html.values(board()), html.values(board(entry(Mood.GOOD)))
    assert sorted(dict(changes(before, after))) == ["count-4", "day-2026-11-23", "kept"]


def test_every_value_stands_in_the_card_as_it_is_sent():
    shown = board(entry(Mood.GOOD))
    card = unescape(html.year_card(shown))
    for name, value in html.values(shown).items():
        (element,) = re.findall(rf'<[^>]*id="{name}"[^>]*>[^<]*', card)
        for part in [value] if isinstance(value, str) else value:
            assert part in element


def test_the_day_that_is_looked_at_has_its_moods_and_notes_in_order():
    noted = entry(Mood.GOOD)._replace(note="a walk <in> the rain")
    said = html.day_looked_at(board(noted, entry(Mood.BAD, 2, hour=20)), TODAY)
    assert "Good at 09:12" in said
    assert "a walk &lt;in&gt; the rain" in said
    assert said.index("Good at") < said.index("Bad at")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 22), "no mood"),
        (TODAY, "no mood yet"),
        (date(2026, 11, 24), "still to come"),
    ],
)
def test_a_day_without_moods_says_why(day, words):
    assert html.day_looked_at(board(), day) == f"<p>{words}</p>"
