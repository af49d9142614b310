"""CPU and size of the picture and of the whole year-end mail, beside a plain drawing.

Run from the repository's root: ``python -m benchmarks.drawing``. The plain drawing is what one
would write first: an RGB canvas of three times the size, drawn square by square, made smaller and
saved as it is. Both run in turn on the same 50 random full years (two moods on every day), so that
the ratios hold on any machine.
"""

import io
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from PIL import Image, ImageDraw, ImageFont

from moodtracker.board import Board, Entry
from moodtracker.drawing import layout, painted_faces, png
from moodtracker.mail import year_end
from moodtracker.moods import Mood

BOARDS = 50
SCALE = 3


def full_year(seed: int) -> Board:
    """Two moods on every day of 2026, at random."""
    chance = random.Random(seed)
    entries = []
    for number in range(365):
        for slot in (1, 2):
            moment = datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(
                number, chance.randrange(50000)
            )
            day = date(2026, 1, 1) + timedelta(number)
            entries.append(Entry(day, slot, chance.choice(list(Mood)), moment))
    return Board(2026, "Europe/Berlin", tuple(entries))


def plain(board: Board) -> bytes:
    """The same picture, drawn without any of what makes ours quick and small."""
    image = Image.new("RGB", (layout.WIDTH * SCALE, layout.HEIGHT * SCALE), "white")
    draw = ImageDraw.Draw(image)

    def write(x: float, y: float, words: str, size: int, colour: str) -> None:
        font = ImageFont.load_default(size * SCALE)
        draw.text((x * SCALE, y * SCALE), words, colour, font, anchor="ls")

    write(22, 58, f"{board.year}", 40, "#23212b")
    write(128, 58, f"{board.days_kept} of {board.days_so_far} days", 25, "#6f6d78")
    for month, days in board.months():
        write(
            22, layout.square(days[0]).top + 22, date(2026, month, 1).strftime("%b"), 19, "#6f6d78"
        )
        for day in days:
            if month == 1:
                write(layout.square(day).left + 10, 105, str(day.day), 17, "#6f6d78")
            _plain_square(image, draw, board, day)
    for index, (mood, count) in enumerate(reversed(board.counts.items())):
        left, top = 22 + 165 * index, 574
        box = (left * SCALE, top * SCALE, (left + 30) * SCALE, (top + 30) * SCALE)
        painted_faces.paint(image, mood, box)
        write(left + 41, top + 23, f"{mood.label} {count}", 22, "#23212b")
    file = io.BytesIO()
    image.resize((layout.WIDTH, layout.HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG")
    return file.getvalue()


def _plain_square(image: Image.Image, draw: ImageDraw.ImageDraw, board: Board, day: date) -> None:
    at = layout.square(day)
    box = [edge * SCALE for edge in (at.left, at.top, at.right, at.bottom)]
    colours = [entry.mood.light for entry in board.on(day)] or ["#eeebe4"]
    draw.rounded_rectangle(box, 8 * SCALE, colours[0])
    if len(colours) == 2:
        left, top, right, bottom = box
        second = Image.new("RGB", (right - left, bottom - top), colours[1])
        mask = Image.new("L", second.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *second.size), 8 * SCALE, 255)
        ImageDraw.Draw(mask).polygon([(0, 0), (second.width, 0), (0, second.height)], 0)
        image.paste(second, (left, top), mask)


def ours(board: Board) -> bytes:
    """The picture in the mail."""
    return png.draw(layout.landscape(board))


def mail(board: Board) -> bytes:
    """The whole year-end mail."""
    return year_end.compose(
        board,
        name="Ada",
        address="ada@example.org",
        sender="Moodtracker <mood@example.org>",
        message_id=f"<year-2026.{'0' * 32}@example.org>",
        date=datetime(2027, 1, 1, 8, tzinfo=UTC),
        base_url="https://mood.example.org/",
        keep_days=30,
    )


def measure(make: Callable[[Board], bytes], board: Board) -> tuple[float, int]:
    """CPU in milliseconds and size in bytes."""
    started = time.process_time()
    made = make(board)
    return (time.process_time() - started) * 1000, len(made)


def main() -> None:
    """Print medians over all boards, and how the plain drawing compares."""
    contestants = {"plain drawing": plain, "our picture": ours, "whole mail": mail}
    for make in contestants.values():
        make(full_year(BOARDS))  # fonts, tiles and templates are loaded once
    results: dict[str, list[tuple[float, int]]] = {name: [] for name in contestants}
    for seed in range(BOARDS):
        for name, make in contestants.items():
            results[name].append(measure(make, full_year(seed)))
    medians = {
        name: [statistics.median(values) for values in zip(*measured, strict=True)]
        for name, measured in results.items()
    }
    print(f"{BOARDS} random full years, two moods a day; medians")
    for name, (milliseconds, size) in medians.items():
        print(f"{name:14} {milliseconds:7.1f} ms CPU {size:8.0f} bytes")
    quick, small = (
        a / b for a, b in zip(medians["plain drawing"], medians["our picture"], strict=True)
    )
    print(f"the plain drawing takes {quick:.1f} times the CPU and {small:.1f} times the bytes")


if __name__ == "__main__":
    main()
