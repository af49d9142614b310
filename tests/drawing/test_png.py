"""The picture of a board shows each day as the board has it."""

import io
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from moodtracker.board import Board, Entry
from moodtracker.drawing import layout, png
from moodtracker.moods import Mood

WHITE = (255, 255, 255)
BLANK = (0xEE, 0xEB, 0xE4)

moods_of_a_day = st.lists(st.sampled_from(Mood), max_size=2)


def board(moods: dict[date, list[Mood]], year: int = 2026, today: date | None = None) -> Board:
    entries = (
        Entry(day, slot, mood, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        for day, picked in sorted(moods.items())
        for slot, mood in enumerate(picked, 1)
    )
    return Board(year, "UTC", tuple(entries), today)


def days_of(year: int) -> list[date]:
    return [day for n in range(366) if (day := date(year, 1, 1) + timedelta(n)).year == year]


def full_year(seed: int, year: int = 2026) -> Board:
    """Two moods on every day, at random."""
    chance = random.Random(seed)
    return board({day: chance.choices(list(Mood), k=2) for day in days_of(year)}, year)


def drawn_from(board: Board) -> bytes:
    return png.draw(layout.landscape(board))


def edges(day: date) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a day's square, in pixels."""
    box = layout.square(day)
    return box.left, box.top, box.right, box.bottom


def opened(drawn: Board) -> Image.Image:
    image = Image.open(io.BytesIO(drawn_from(drawn)))
    image.load()
    return image.convert("RGB")


def rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def corners(image: Image.Image, day: date) -> tuple[object, object]:
    """The colours of a day's top left half and of its bottom right half."""
    left, top, right, bottom = edges(day)
    return image.getpixel((left + 9, top + 9)), image.getpixel((right - 10, bottom - 10))


def centre(image: Image.Image, day: date) -> object:
    left, top, right, bottom = edges(day)
    return image.getpixel(((left + right) // 2, (top + bottom) // 2))


def test_the_picture_is_a_png_of_1200_pixels_with_a_palette() -> None:
    image = Image.open(io.BytesIO(drawn_from(board({}))))
    assert (image.format, image.mode) == ("PNG", "P")
    assert image.size == (layout.WIDTH, layout.HEIGHT) == (1200, 636)


@pytest.mark.parametrize("mood", Mood)
def test_a_day_of_one_mood_has_its_colour_to_the_bit(mood: Mood) -> None:
    day = date(2026, 5, 17)
    image = opened(board({day: [mood]}))
    left, top, right, bottom = edges(day)
    for at in ((left + 9, top + 9), (left + 16, top), (right - 1, bottom - 16)):
        assert image.getpixel(at) == rgb(mood.light)
    assert centre(image, day) == rgb(mood.light)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.dates(date(2028, 1, 1), date(2028, 12, 31)), moods_of_a_day))
def test_each_day_shows_its_first_mood_top_left_and_its_second_bottom_right(
    moods: dict[date, list[Mood]],
) -> None:
    image = opened(board(moods, 2028))
    for day in days_of(2028):
        picked = [rgb(mood.light) for mood in moods.get(day, [])] or [BLANK]
        assert corners(image, day) == (picked[0], picked[-1]), day


@pytest.mark.parametrize("seed", range(3))
def test_a_full_year_of_two_moods_is_drawn_day_by_day(seed: int) -> None:
    drawn = full_year(seed)
    image = opened(drawn)
    for day in days_of(2026):
        first, second = drawn.on(day)
        assert corners(image, day) == (rgb(first.mood.light), rgb(second.mood.light))


def test_a_two_tone_square_is_split_from_bottom_left_to_top_right() -> None:
    day = date(2026, 5, 17)
    image = opened(board({day: [Mood.AWFUL, Mood.GREAT]}))
    left, _, right, bottom = edges(day)
    halfway = tuple(
        round((a + b) / 2)
        for a, b in zip(rgb(Mood.AWFUL.light), rgb(Mood.GREAT.light), strict=True)
    )
    for step in range(6, right - left - 6):
        at = (left + step, bottom - 1 - step)
        assert image.getpixel(at) == halfway
        assert image.getpixel((at[0] - 1, at[1])) == rgb(Mood.AWFUL.light)
        assert image.getpixel((at[0] + 1, at[1])) == rgb(Mood.GREAT.light)


def test_a_day_that_does_not_exist_has_no_square() -> None:
    image = opened(board({}))
    left, top, _, _ = edges(date(2026, 2, 28))
    left_of_30_january, *_ = edges(date(2026, 1, 30))
    assert image.getpixel((left + 16, top + 16)) == BLANK
    assert image.getpixel((left_of_30_january + 16, top + 16)) == WHITE
    leap = opened(board({}, 2028))
    assert centre(leap, date(2028, 2, 29)) == BLANK


def test_days_that_have_not_come_are_outlined_and_passed_ones_are_grey() -> None:
    today = date(2026, 11, 23)
    image = opened(board({}, today=today))
    for day in days_of(2026):
        left, top, _, bottom = edges(day)
        edge = image.getpixel((left, (top + bottom) // 2))
        if day > today:
            assert centre(image, day) == WHITE, day
            assert edge not in (WHITE, BLANK), day
        else:
            assert centre(image, day) == edge == BLANK, day


def test_today_has_a_ring_that_does_not_touch_its_square() -> None:
    today = date(2026, 11, 23)
    image = opened(board({today: [Mood.GOOD]}, today=today))
    left, top, _, bottom = edges(today)
    row = (top + bottom) // 2
    colours = [image.getpixel((left - step, row)) for step in range(4, -1, -1)]
    assert colours == [rgb("#23212b")] * 2 + [WHITE] * 2 + [rgb(Mood.GOOD.light)]
    neighbour = edges(today - timedelta(1))
    assert image.getpixel((neighbour[2] - 1, row)) == BLANK


def test_a_closed_year_has_no_ring_and_no_outlined_day() -> None:
    image = opened(board({}))
    for day in days_of(2026):
        left, top, _, bottom = edges(day)
        assert centre(image, day) == BLANK
        assert image.getpixel((left - 3, (top + bottom) // 2)) == WHITE


def test_a_mood_of_a_day_that_has_not_come_is_shown_all_the_same() -> None:
    tomorrow = date(2026, 11, 24)
    image = opened(board({tomorrow: [Mood.BAD]}, today=date(2026, 11, 23)))
    assert centre(image, tomorrow) == rgb(Mood.BAD.light)


def test_the_squares_lie_in_the_picture_and_apart_from_one_another() -> None:
    for day, following in pairwise(days_of(2028)):
        left, top, right, bottom = edges(day)
        assert 0 < left < right < layout.WIDTH
        assert 0 < top < bottom < layout.HEIGHT
        assert right - left == bottom - top
        if day.month == following.month:
            assert edges(following)[0] > right
        else:
            assert edges(following)[1] > bottom


def test_the_same_board_gives_the_same_bytes_from_any_thread() -> None:
    boards = [full_year(seed) for seed in range(4)]
    alone = [drawn_from(drawn) for drawn in boards]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(drawn_from, boards * 4)) == alone * 4


@pytest.mark.parametrize("year", [2026, 2028])
def test_a_full_year_of_two_moods_stays_small(year: int) -> None:
    assert max(len(drawn_from(full_year(seed, year))) for seed in range(5)) < 18_000
