"""A board as a PNG: the picture in the year-end mail, and for those who download it.

The picture is kept as palette indices from the first pixel to the last: each shape is how far it
covers each pixel, looked up in a ramp of colours that the palette holds. So the colour inside a
square is the mood's own, to the bit, and nothing needs to be quantized. What all boards have in
common is drawn once.
"""

import struct
import zlib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import cast

from PIL import Image, ImageChops, ImageDraw, ImageFont

from moodtracker.board import Board
from moodtracker.drawing import faces
from moodtracker.drawing.html import MONTHS
from moodtracker.moods import Mood

WIDTH, HEIGHT = 1200, 640

_MARGIN = 36
_SIDE = 31  # of a square
_PITCH = 35  # from a square to the next
_CORNER = 8  # radius
_GRID_LEFT = WIDTH - _MARGIN - (30 * _PITCH + _SIDE)
_GRID_TOP = 132
_RING_GAP, _RING = 2, 2  # white round today's square, and the ring round that
_LEGEND_TOP = _GRID_TOP + 12 * _PITCH + 24
_LEGEND_PITCH = 166
_FACE = 30

_SUPERSAMPLING = 8

Rgb = tuple[int, int, int]
Ramp = Sequence[int]  # of 256: the palette index for each coverage, 0 to 255


class _Palette:
    """The colours of the picture: those that mean something, and blends for smooth edges."""

    def __init__(self) -> None:
        self.colours: list[Rgb] = []

    def index(self, colour: Rgb) -> int:
        """The index of exactly this colour."""
        if colour not in self.colours:
            self.colours.append(colour)
        return self.colours.index(colour)

    def ramp(self, colour: Rgb, ground: Rgb, steps: int) -> Ramp:
        """From ``ground`` (coverage 0) to ``colour`` (coverage 255)."""
        blends = [self.index(_blend(ground, colour, step / steps)) for step in range(steps + 1)]
        return [blends[round(coverage * steps / 255)] for coverage in range(256)]

    def nearest(self, colour: Rgb) -> int:
        """The index of the colour that is least away from this one."""
        return min(
            range(len(self.colours)),
            key=lambda index: sum(
                (a - b) ** 2 for a, b in zip(self.colours[index], colour, strict=True)
            ),
        )


def _rgb(colour: str) -> Rgb:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _blend(a: Rgb, b: Rgb, share: float) -> Rgb:
    """The colour ``share`` of the way from ``a`` to ``b``."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


_PALETTE = _Palette()
_WHITE = _rgb("#ffffff")
_PAPER = _PALETTE.index(_WHITE)
_INK = _PALETTE.ramp(_rgb("#23212b"), _WHITE, 15)
_MUTED = _PALETTE.ramp(_rgb("#6f6d78"), _WHITE, 15)
_BLANK = _PALETTE.ramp(_rgb("#eeebe4"), _WHITE, 3)
_OUTLINE = _PALETTE.ramp(_rgb("#e0dcd3"), _WHITE, 4)
_MOOD = {mood: _PALETTE.ramp(_rgb(mood.light), _WHITE, 8) for mood in Mood}
_HALFWAY = {
    frozenset((a, b)): _PALETTE.index(_blend(_rgb(a.light), _rgb(b.light), 0.5))
    for a in Mood
    for b in Mood
    if a < b
}
for _mood in Mood:
    _PALETTE.ramp(_rgb(_mood.face.ink), _rgb(_mood.light), 8)  # for the faces of the legend


def draw(board: Board) -> bytes:
    """The board as a PNG of 1200 x 640 pixels on white, in the light colours.

    Days that have passed without a mood are warm grey; days after ``board.today`` are outlined,
    and today has a ring. The same board gives the same bytes.
    """
    image = _static_layer(board.year).copy()
    subtitle = f"{board.days_kept} of {board.days_so_far} days"
    _write(image, (_MARGIN + 106, 72), subtitle, 25, _MUTED)
    for index, (mood, count) in enumerate(reversed(board.counts.items())):
        left, baseline = _legend_text(index)
        left += round(_font(22).getlength(f"{mood.label} "))
        _write(image, (left, baseline), str(count), 22, _MUTED)
    if board.today:
        left, top, _, _ = square(board.today)
        image.paste(_ring(), (left - _RING_GAP - _RING, top - _RING_GAP - _RING))
        for _, days in board.months():
            for day in days:
                if day > board.today:
                    image.paste(_future(), square(day)[:2])
                elif day == board.today:
                    image.paste(_blank(), square(day)[:2])
    for day, entries in board.by_day.items():
        image.paste(_tile(entries[0].mood, entries[-1].mood), square(day)[:2])
    return _encode(image)


def square(day: date) -> tuple[int, int, int, int]:
    """The box of a day's square in the picture: left, top, right, bottom in pixels.

    Right and bottom are exclusive. Of two moods the first fills the top left half of the box,
    the second the bottom right.
    """
    left = _GRID_LEFT + (day.day - 1) * _PITCH
    top = _GRID_TOP + (day.month - 1) * _PITCH
    return left, top, left + _SIDE, top + _SIDE


@lru_cache(maxsize=4)
def _static_layer(year: int) -> Image.Image:
    """What all boards of a year have in common; every day is blank on it. Not to be drawn on."""
    image = Image.new("L", (WIDTH, HEIGHT), _PAPER)
    _write(image, (_MARGIN, 72), str(year), 40, _INK, weight=0.8)
    for day in range(1, 32):
        left, top, right, _ = square(date(year, 1, day))
        _write(image, ((left + right) // 2, top - 13), str(day), 17, _MUTED, anchor="ms")
    for month, days in Board(year, "UTC", ()).months():
        top = square(days[0])[1]
        _write(image, (_MARGIN, top + 22), MONTHS[month - 1][:3], 19, _MUTED)
        for day_of_month in days:
            image.paste(_blank(), square(day_of_month)[:2])
    for index, mood in enumerate(reversed(Mood)):
        left, baseline = _legend_text(index)
        image.paste(_face(mood), (left - _FACE - 10, _LEGEND_TOP))
        _write(image, (left, baseline), mood.label, 22, _INK)
    return image


def _legend_text(index: int) -> tuple[int, int]:
    """Where the words beside the face at this place of the legend begin: left and baseline."""
    return _MARGIN + _FACE + 10 + index * _LEGEND_PITCH, _LEGEND_TOP + 23


@lru_cache(maxsize=25)
def _tile(first: Mood, second: Mood) -> Image.Image:
    """A day's square: ``first`` at the top left, ``second`` at the bottom right."""
    coverage = _rounded(_SIDE, _CORNER)
    image = coverage.point(_MOOD[first])
    if first == second:
        return image
    other = coverage.point(_MOOD[second])
    for x in range(_SIDE):
        diagonal = _SIDE - 1 - x  # these pixels are half of each mood
        for y in range(diagonal + 1, _SIDE):
            image.putpixel((x, y), cast(int, other.getpixel((x, y))))
        if coverage.getpixel((x, diagonal)) == 255:
            image.putpixel((x, diagonal), _HALFWAY[frozenset((first, second))])
    return image


@lru_cache(maxsize=1)
def _blank() -> Image.Image:
    return _rounded(_SIDE, _CORNER).point(_BLANK)


@lru_cache(maxsize=1)
def _future() -> Image.Image:
    return _outline(_SIDE, _CORNER, 1.5).point(_OUTLINE)


@lru_cache(maxsize=1)
def _ring() -> Image.Image:
    """Reaches as far as the squares next to it, and not onto them."""
    around = _RING_GAP + _RING
    return _outline(_SIDE + 2 * around, _CORNER + around, _RING).point(_INK)


def _rounded(side: int, radius: float, inset: float = 0) -> Image.Image:
    """How far a rounded square, ``inset`` from its image's edges, covers each pixel."""
    large = Image.new("L", (side * _SUPERSAMPLING, side * _SUPERSAMPLING))
    near, far = inset * _SUPERSAMPLING, (side - inset) * _SUPERSAMPLING - 1
    box = (near, near, far, far)
    ImageDraw.Draw(large).rounded_rectangle(box, (radius - inset) * _SUPERSAMPLING, 255)
    return large.reduce(_SUPERSAMPLING)


def _outline(side: int, radius: float, width: float) -> Image.Image:
    return ImageChops.subtract(_rounded(side, radius), _rounded(side, radius, width))


def _face(mood: Mood) -> Image.Image:
    colours = Image.new("RGB", (_FACE, _FACE), _WHITE)
    faces.paint(colours, mood, (0, 0, _FACE, _FACE))
    image = Image.new("L", colours.size)
    image.putdata([_PALETTE.nearest(colour) for colour in _pixels(colours)])
    return image


def _pixels(image: Image.Image) -> list[Rgb]:
    data = image.tobytes()
    return [(data[at], data[at + 1], data[at + 2]) for at in range(0, len(data), 3)]


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow (Aileron), so that the picture is the same everywhere."""
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))


def _write(
    image: Image.Image,
    at: tuple[int, int],
    words: str,
    size: int,
    ramp: Ramp,
    *,
    anchor: str = "ls",
    weight: float = 0,
) -> None:
    """Write on white; ``weight`` thickens the strokes by so many pixels, for want of a bold."""
    font = _font(size)
    box = font.getbbox(words, anchor=anchor, stroke_width=weight)
    left, top, right, bottom = (int(edge) for edge in box)
    coverage = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(coverage).text(
        (-left, -top), words, 255, font, anchor=anchor, stroke_width=weight
    )
    image.paste(coverage.point(ramp), (at[0] + left, at[1] + top))


def _encode(image: Image.Image) -> bytes:
    """An image of palette indices as PNG (W3C PNG, third edition).

    Each row is stored as its difference from the row above (filter type 2, Up), which Pillow does
    not do for palettes. Rows of squares then become zeros with diagonals that move by one pixel a
    row, and deflate makes a quarter of them.
    """
    width, height = image.size
    above = Image.new("L", image.size)
    above.paste(image, (0, 1))
    rows = Image.new("L", (width + 1, height), 2)  # the first byte of each row is its filter type
    rows.paste(ImageChops.subtract_modulo(image, above), (1, 0))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = bytes(channel for colour in _PALETTE.colours for channel in colour)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", palette)
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
