"""The PDF as those see it who print it, search it, or have it read to them."""

import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from moodtracker.board import Board, Entry
from moodtracker.drawing import layout, pdf
from moodtracker.drawing.layout import Paper
from moodtracker.moods import Mood
from support.needs import missing

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BOARD = Board(2026, "UTC", (Entry(date(2026, 5, 1), 1, Mood.GREAT, NOON),))
MAKERS = {"rows": layout.landscape, "poster": layout.poster}


def poppler(tool: str, file: Path, *options: str) -> str:
    if shutil.which(tool) is None:
        missing(f"{tool} (Debian's package poppler-utils)")
    return subprocess.run(
        [tool, *options, str(file), *(["-"] if tool == "pdftotext" else [])],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    ).stdout


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[tuple[str, Paper], Path]:
    folder = tmp_path_factory.mktemp("pdf")
    made = {}
    for name, make in MAKERS.items():
        for paper in Paper:
            made[name, paper] = folder / f"{name}-{paper}.pdf"
            made[name, paper].write_bytes(pdf.draw(make(BOARD), paper))
    return made


@pytest.mark.parametrize(
    ("shape", "paper", "size"),
    [
        ("rows", Paper.A4, "841.89 x 595.28 pts (A4)"),
        ("rows", Paper.LETTER, "792 x 612 pts (letter)"),
        ("poster", Paper.A4, "595.28 x 841.89 pts (A4)"),
        ("poster", Paper.LETTER, "612 x 792 pts (letter)"),
    ],
)
def test_it_is_one_sheet_of_the_paper_that_was_asked_for(files, shape, paper, size) -> None:
    told = poppler("pdfinfo", files[shape, paper])
    facts = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    assert facts["Pages"].strip() == "1"
    assert facts["Page size"].strip() == size
    assert facts["Title"].strip() == "My moods of 2026"
    assert facts["JavaScript"].strip() == "no"


def test_its_words_are_text_in_a_font_that_it_brings(files) -> None:
    for file in files.values():
        words = poppler("pdftotext", file).split()
        assert {"2026", "1", "365", "days", "Great", "Awful"} <= set(words)
        for line in poppler("pdffonts", file).splitlines()[2:]:
            assert "DejaVu" in line
            assert line.split()[-5:-3] == ["yes", "yes"]  # embedded, and only the letters in use
        assert file.stat().st_size < 60_000
        assert b"/Lang (en)" in file.read_bytes()


def test_the_same_board_gives_the_same_bytes(files) -> None:
    assert pdf.draw(layout.landscape(BOARD)) == files["rows", Paper.A4].read_bytes()
    assert "2026" in poppler("pdfinfo", files["rows", Paper.A4]).split("CreationDate:")[1]
