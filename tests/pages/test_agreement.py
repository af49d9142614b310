"""Page, SVG, PNG and PDF show the same year square by square, and CSV and JSON hold the same.

Each picture is made as a person gets it, turned into pixels by what they would look at it with
(Chromium, Poppler), and asked for its colour in both halves of every square and on both sides of
it, where the ring round today would be. What is expected comes from the board alone.
"""

import csv
import io
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image
from playwright.sync_api import Page

from moodtracker import export
from moodtracker.board import Board, Entry
from moodtracker.drawing import faces, html, layout, painting, pdf, png, svg
from moodtracker.moods import Mood
from support.needs import missing

BOARDS, PARTS = 200, 4
STYLE = "".join(Path(f"assets/{name}.css").read_text() for name in ("style", "board"))
WHITE, BLANK = (255, 255, 255), (0xEE, 0xEB, 0xE4)
ALIKE = 4  # of 255 in a channel; any two of our colours are further apart
DARK = 450  # red, green and blue together
DOTS_PER_INCH = 150
SCREEN = {"width": 1240, "height": 1200}  # the page with an SVG below it, unless that is a poster
RING = 3  # from a square to the middle of the ring round it, in units of the picture


class Seen(NamedTuple):
    """A day as a picture shows it."""

    first: tuple[int, ...]
    second: tuple[int, ...]
    has_ring: bool


Year = dict[date, Seen]
Place = tuple[float, float, float, float]  # left, top, side and RING in pixels


def random_board(seed: int) -> Board:
    """A year of any kind: empty or full, open or closed, long or short."""
    chance = random.Random(seed)
    year = chance.choice([2024, 2025, 2026, 2027, 2028])
    days = [day for n in range(366) if (day := date(year, 1, 1) + timedelta(n)).year == year]
    today = chance.choice([None, *chance.choices(days, k=3)])
    kept = chance.choice([0, 0.1, 0.5, 0.9, 1])
    entries = tuple(
        Entry(
            day,
            slot,
            chance.choice(list(Mood)),
            datetime(year, 1, 1, tzinfo=UTC) + timedelta((day - days[0]).days, 3600 * slot),
            note=chance.choice(["", "", "plain", 'with "quotes", and\nlines', "grün 😄 مرحبا"]),
        )
        for day in days
        if (today is None or day <= today) and chance.random() < kept
        for slot in range(1, chance.choice([2, 3]))
    )
    return Board(year, chance.choice(["UTC", "Europe/Berlin", "Pacific/Apia"]), entries, today)


def expected(board: Board) -> Year:
    year = {}
    for _number, days in board.months():
        for day in days:
            colours = [rgb(entry.mood.light) for entry in board.on(day)]
            if not colours:
                colours = [WHITE if board.today and day > board.today else BLANK]
            year[day] = Seen(colours[0], colours[-1], day == board.today)
    return year


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def differences(board: Board, year: Year) -> set[date]:
    """The days that a picture does not show as the board has them."""
    return {
        day
        for day, seen in expected(board).items()
        if seen.has_ring != year[day].has_ring
        or any(abs(a - b) > ALIKE for a, b in zip(seen.first, year[day].first, strict=True))
        or any(abs(a - b) > ALIKE for a, b in zip(seen.second, year[day].second, strict=True))
    }


def look(image: Image.Image, places: dict[date, Place]) -> Year:
    """What the picture shows at each day's place."""
    pixels = image.convert("RGB").load()

    def at(x: float, y: float) -> tuple[int, ...]:
        return pixels[int(x), int(y)]

    return {
        day: Seen(
            at(left + side * 0.28, top + side * 0.28),
            at(left + side * 0.72, top + side * 0.72),
            all(sum(at(x, top + side / 2)) < DARK for x in (left - ring, left + side + ring - 0.5)),
        )
        for day, (left, top, side, ring) in places.items()
    }


def places(
    picture: layout.Picture, scale: float = 1, left: float = 0, top: float = 0
) -> dict[date, Place]:
    return {
        day: (left + box.left * scale, top + box.top * scale, box.side * scale, RING * scale)
        for day, box, *_ in picture.squares
    }


class Canvas:
    """One page of a browser on which page and SVG of one board after another are shown."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.set_content(
            f"<style>{STYLE} body {{ width: 1240px; margin: 0 }} #svg {{ line-height: 0 }}</style>"
            f"{faces.symbols()}<main id=board></main><div id=svg></div>"
        )

    def show(self, board: Board, picture: layout.Picture) -> tuple[Year, Year]:
        """The year as the page shows it, and as the SVG does."""
        drawn = svg.draw(picture)
        found = self._page.evaluate(
            """async ([board, drawing]) => {
                document.getElementById('board').innerHTML = board;
                const image = new Image();
                image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(drawing);
                await image.decode();
                document.getElementById('svg').replaceChildren(image);
                const place = (box) => [box.left, box.top, box.width];
                return {
                    image: place(image.getBoundingClientRect()),
                    rows: [...document.querySelectorAll('table.year tbody tr')].map((row) =>
                        [...row.cells].slice(1).map((c) => place(c.getBoundingClientRect()))),
                };
            }""",
            [html.year_card(board), drawn],
        )
        is_higher = picture.height > picture.width
        screen = Image.open(io.BytesIO(self._page.screenshot(full_page=is_higher)))
        in_page = {
            day: (*found["rows"][month - 1][day.day - 1], RING)
            for month, days in board.months()
            for day in days
        }
        left, top, width = found["image"]
        return (
            look(screen, in_page),
            look(screen, places(picture, width / picture.width, left, top)),
        )


@pytest.fixture(scope="module")
def canvas(browser) -> Iterator[Canvas]:
    context = browser.new_context(viewport=SCREEN, color_scheme="light", device_scale_factor=1)
    yield Canvas(context.new_page())
    context.close()


def as_png(picture: layout.Picture, scale: int = 1) -> Year:
    return look(Image.open(io.BytesIO(png.draw(picture, scale))), places(picture, scale))


def as_pdf(picture: layout.Picture, folder: Path, paper: layout.Paper = layout.Paper.A4) -> Year:
    if shutil.which("pdftoppm") is None:
        missing("pdftoppm (Debian's package poppler-utils)")
    file = folder / "board.pdf"
    file.write_bytes(pdf.draw(picture, paper))
    command = ["pdftoppm", "-r", str(DOTS_PER_INCH), str(file)]
    drawn = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    image = Image.open(io.BytesIO(drawn))
    is_wide = picture.width > picture.height
    margin = 28 * DOTS_PER_INCH / 72 if is_wide else 0
    scale = min(
        (image.width - 2 * margin) / picture.width, (image.height - 2 * margin) / picture.height
    )
    left, top = (
        (image.width - picture.width * scale) / 2,
        (image.height - picture.height * scale) / 2,
    )
    return look(image, places(picture, scale, left, top))


@pytest.mark.parametrize("part", range(PARTS))
def test_the_page_and_each_picture_agree_on_every_square(canvas, tmp_path, part):
    for seed in range(part, BOARDS, PARTS):
        board = random_board(seed)
        picture = layout.landscape(board)
        in_page, in_svg = canvas.show(board, picture)
        drawn = {
            "page": in_page,
            "SVG": in_svg,
            "PNG": as_png(picture),
            "PDF": as_pdf(picture, tmp_path),
        }
        for kind, year in drawn.items():
            assert differences(board, year) == set(), (seed, kind)


def test_posters_agree_as_well_on_either_paper_and_in_print(canvas, tmp_path):
    for seed in range(BOARDS, BOARDS + 4):
        board = random_board(seed)
        picture = layout.poster(board)
        drawn = {
            "SVG": canvas.show(board, picture)[1],
            "PNG": as_png(picture, painting.PRINT),
            "A4": as_pdf(picture, tmp_path),
            "Letter": as_pdf(picture, tmp_path, layout.Paper.LETTER),
        }
        for kind, year in drawn.items():
            assert differences(board, year) == set(), (seed, kind)


def test_one_wrong_square_is_seen_in_every_kind(canvas, tmp_path):
    """Without this, the agreement above could be that of somebody who does not look."""
    board = random_board(3)
    for number, entry in enumerate(board.entries[:60:12]):
        other = Mood(entry.mood % 5 + 1)
        changed = list(board.entries)
        changed[number * 12] = entry._replace(mood=other)
        wrong = Board(board.year, board.zone, tuple(changed), board.today)
        picture = layout.landscape(wrong)
        for year in (*canvas.show(wrong, picture), as_png(picture), as_pdf(picture, tmp_path)):
            assert differences(board, year) == {entry.day}


@pytest.mark.parametrize("seed", range(BOARDS))
def test_table_and_data_agree_on_every_entry(seed):
    board = random_board(seed)
    text = export.as_csv(board).encode().decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    data = json.loads(export.as_json(board))["entries"]
    assert len(table) == len(data) == len(board.entries)
    for line, record, entry in zip(table, data, board.entries, strict=True):
        assert line == {name: str(value) for name, value in record.items()}
        assert record["day"] == entry.day.isoformat()
        assert (record["slot"], record["mood"]) == (entry.slot, entry.mood)
        assert record["note"] == entry.note
        assert datetime.fromisoformat(record["recorded_at"]) == entry.recorded_at
