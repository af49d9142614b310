"""Where things lie in a picture: nothing over anything else, and mirrored where people read so."""

from datetime import UTC, date, datetime
from itertools import combinations

import pytest

from moodtracker import language
from moodtracker.board import Board, Entry
from moodtracker.drawing import layout, lettering, svg
from moodtracker.drawing.layout import Picture
from moodtracker.moods import Mood

YEARS = [2026, 2028]
MAKERS = [layout.landscape, layout.poster]


def board(year: int, *moods: Mood, today: date | None = None) -> Board:
    noon = datetime(year, 1, 1, 12, tzinfo=UTC)
    return Board(
        year,
        "UTC",
        tuple(Entry(date(year, 1, 1), slot, mood, noon) for slot, mood in enumerate(moods, 1)),
        today,
    )


@pytest.fixture
def from_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "direction", lambda: "rtl")


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("year", YEARS)
def test_each_day_of_the_year_has_one_square_and_none_lies_on_another(make, year: int) -> None:
    picture: Picture = make(board(year))
    assert [square.day.timetuple().tm_yday for square in picture.squares] == list(
        range(1, 366 + (year == 2028))
    )
    for one, other in combinations([square.box for square in picture.squares], 2):
        assert (
            one.right < other.left
            or other.right < one.left
            or one.bottom < other.top
            or other.bottom < one.top
        )


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("make", MAKERS)
def test_everything_lies_within_the_picture(make, direction, monkeypatch) -> None:
    monkeypatch.setattr(language, "direction", lambda: direction)
    picture: Picture = make(board(2026, Mood.GOOD, Mood.BAD), has_faces=True)
    boxes = [s.box for s in picture.squares] + [d.box for d in picture.legend + picture.marks]
    for box in boxes:
        assert 0 <= box.left < box.right <= picture.width
        assert 0 <= box.top < box.bottom <= picture.height
    for label in picture.labels:
        assert label.left >= 0
        assert label.left + label.width <= picture.width
        assert label.size <= label.baseline < picture.height


def test_a_calendar_has_its_weeks_as_rows() -> None:
    boxes = {square.day: square.box for square in layout.poster(board(2026)).squares}
    monday, sunday, next_monday = (boxes[date(2026, 6, day)] for day in (1, 7, 8))
    assert monday.top == sunday.top < next_monday.top
    assert monday.left == next_monday.left < sunday.left


def test_a_year_of_a_language_from_the_right_begins_there(from_the_right) -> None:
    for make in MAKERS:
        picture = make(board(2026, Mood.AWFUL, Mood.GREAT))
        first, second = (square.box for square in picture.squares[:2])
        assert first.left > second.left
        assert picture.labels[0].anchor == "right"  # the year's number
        assert picture.legend[0].box.left > picture.legend[-1].box.left
        assert picture.squares[0].moods == (Mood.AWFUL, Mood.GREAT)


def test_faces_lie_in_the_halves_of_their_moods(from_the_right) -> None:
    picture = layout.landscape(board(2026, Mood.AWFUL, Mood.GREAT), has_faces=True)
    box = picture.squares[0].box
    first, second = picture.marks
    assert (first.mood, first.box[:2]) == (Mood.AWFUL, box[:2])
    assert (second.mood, second.box.right, second.box.bottom) == (Mood.GREAT, box.right, box.bottom)
    single = layout.landscape(board(2026, Mood.BAD), has_faces=True)
    assert single.marks == ((Mood.BAD, single.squares[0].box),)
    assert layout.landscape(board(2026, Mood.BAD)).marks == ()


def test_arabic_words_are_joined_and_begin_on_the_right() -> None:
    january = "يناير"
    seen = lettering.as_seen(january)
    assert len(seen) == len(january)
    assert seen != january
    assert all("\ufe70" <= letter <= "\ufeff" for letter in seen)  # the joined forms
    assert seen[-1] == "\ufef3"  # yeh as it begins a word
    font = lettering.font(20)
    missing = font.getmask("\U0010fffd").getbbox()
    assert all(font.getmask(letter).getbbox() != missing for letter in seen)
    assert lettering.as_seen("308 من 365").split()[0] == "365"
    assert lettering.as_seen("Février, Άνοιξη, Весна") == "Février, Άνοιξη, Весна"


def test_arabic_letters_keep_the_marks_above_them_and_are_no_wider_for_it() -> None:
    marked, plain = "يومًا", "يوما"
    assert set("\u064b") == set(lettering.as_seen(marked)) - set(lettering.as_seen(plain))
    assert lettering.width(marked, 20) == lettering.width(plain, 20)


def test_an_svg_says_each_day_in_words_and_loads_nothing() -> None:
    drawn = svg.draw(layout.landscape(board(2026, Mood.GOOD, today=date(2026, 1, 2))))
    assert "<title>Thursday 1 January: Good at 12:00</title>" in drawn
    assert drawn.count("<title>") == 1 + 365
    assert "href" not in drawn.replace('href="#face-', "")
    assert "<script" not in drawn
    assert "url(" not in drawn
