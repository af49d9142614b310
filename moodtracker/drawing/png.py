"""A board as a PNG: the picture in the year-end mail, and for those who download it.

The picture is made of palette indices from the first pixel to the last. All squares have the same
shape in eight regions, and the palette has eight colours in a row for each kind of day. So a colour
is the mood's own to the bit, nothing is quantized, and two squares differ by one constant: stored
as differences from the row above, all squares are alike, so that a full year takes 16 KB and is
quick to pack. What all boards of a year have in common is drawn once.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import product
from typing import cast

from PIL import Image, ImageChops, ImageDraw, ImageFont

from moodtracker.board import Board
from moodtracker.drawing import faces, indexed_png
from moodtracker.drawing.html import MONTHS
from moodtracker.moods import Mood

WIDTH, HEIGHT = 1200, 636

_MARGIN = 22
_SIDE = 32  # of a square
_PITCH = 36  # from a square to the next
_GAP = _PITCH - _SIDE
_CORNER = 8  # radius
_GRID_LEFT = WIDTH - _MARGIN - (30 * _PITCH + _SIDE)
_GRID_TOP = 118
_RING_GAP, _RING = 2, 2  # white round today's square, and the ring round that
_TITLE_BASELINE = 58
_LEGEND_TOP = _GRID_TOP + 12 * _PITCH + 24
_LEGEND_GAP = 34
_FACE = 30

_SUPERSAMPLING = 8

Rgb = tuple[int, int, int]
Ramp = Sequence[int]  # of 256: the palette index for each coverage, 0 to 255


def _rgb(colour: str) -> Rgb:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _blend(a: Rgb, b: Rgb, share: float) -> Rgb:
    """The colour ``share`` of the way from ``a`` to ``b``."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


_WHITE = _rgb("#ffffff")
_INK = _rgb("#23212b")
_MUTED = _rgb("#6f6d78")
_BLANK = _rgb("#eeebe4")
_OUTLINE = _rgb("#e0dcd3")

# The regions of a square: outside its round corners, the first mood in three strengths (two for
# smooth edges), the diagonal, the second mood in three strengths.
_OUTSIDE, _FIRST, _DIAGONAL, _SECOND, _REGIONS = 0, 3, 4, 7, 8

# The kinds of days by their two colours; the blank one comes first, so that index 0 is white.
_KINDS = [(_BLANK, _BLANK), *((_rgb(a.light), _rgb(b.light)) for a, b in product(Mood, Mood))]


def _colours_of(first: Rgb, second: Rgb) -> list[Rgb]:
    """The colours of a square's regions."""
    return [
        _WHITE,
        *(_blend(_WHITE, first, share / 3) for share in (1, 2, 3)),
        _blend(first, second, 0.5),
        *(_blend(_WHITE, second, share / 3) for share in (1, 2, 3)),
    ]


_PALETTE: list[Rgb] = [colour for kind in _KINDS for colour in _colours_of(*kind)]


def _ramp(ground: Rgb, colour: Rgb, steps: int) -> Ramp:
    """From ``ground`` (coverage 0) to ``colour`` (coverage 255); the palette gets what it lacks."""
    blends = [_blend(ground, colour, step / steps) for step in range(steps + 1)]
    _PALETTE.extend(blend for blend in blends if blend not in _PALETTE)
    return [_PALETTE.index(blends[round(covered * steps / 255)]) for covered in range(256)]


_IN_INK = _ramp(_WHITE, _INK, 6)
_IN_MUTED = _ramp(_WHITE, _MUTED, 6)
_IN_OUTLINE = _ramp(_WHITE, _OUTLINE, 3)
for _mood in Mood:
    _ramp(_rgb(_mood.light), _rgb(_mood.face.ink), 4)  # for the faces of the legend


def draw(board: Board) -> bytes:
    """The board as a PNG of 1200 x 636 pixels on white, in the light colours.

    Days that have passed without a mood are warm grey; days after ``board.today`` are outlined,
    and today has a ring. The same board gives the same bytes.
    """
    image = _static_layer(board.year).copy()
    left = _write(image, (_MARGIN, _TITLE_BASELINE), str(board.year), 40, ramp=_IN_INK, weight=0.8)
    kept = f"{board.days_kept} of {board.days_so_far} days"
    _write(image, (left + 14, _TITLE_BASELINE), kept, 25, ramp=_IN_MUTED)
    for day, entries in board.by_day.items():
        left, top, _, _ = square(day)
        image.paste(_tile(entries[0].mood, entries[-1].mood), (left, top - _GAP // 2))
    if board.today:
        _draw_ahead(image, board, board.today)
    _draw_legend(image, board)
    return indexed_png.encode(
        image, _PALETTE, alike=range(_GRID_TOP - _GAP, _GRID_TOP + 12 * _PITCH)
    )


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
    """What all boards of a year have in common: names, numbers, and each day as a blank one."""
    image = Image.new("L", (WIDTH, HEIGHT), 0)
    for number in range(1, 32):
        left, top, right, _ = square(date(year, 1, number))
        middle = (left + right) // 2
        _write(image, (middle, top - 13), str(number), 17, ramp=_IN_MUTED, anchor="ms")
    for month, days in Board(year, "UTC", ()).months():
        _write(image, (_MARGIN, square(days[0])[1] + 22), MONTHS[month - 1][:3], 19, ramp=_IN_MUTED)
        for day in days:
            left, top, _, _ = square(day)
            image.paste(_blank_tile(), (left, top - _GAP // 2))
    return image


def _draw_ahead(image: Image.Image, board: Board, today: date) -> None:
    """The ring round today, and the days that have not come yet."""
    for _, days in board.months():
        for day in days:
            if day > today and not board.on(day):
                image.paste(_future_tile(), square(day)[:2])
    left, top, _, _ = square(today)
    around = _RING_GAP + _RING
    coverage = _ring()
    touched = coverage.point([0] + 255 * [255])
    image.paste(coverage.point(_IN_INK), (left - around, top - around), touched)


def _draw_legend(image: Image.Image, board: Board) -> None:
    left, baseline = _MARGIN, _LEGEND_TOP + 23
    for mood, count in reversed(board.counts.items()):
        image.paste(_face(mood), (left, _LEGEND_TOP))
        left = _write(image, (left + _FACE + 11, baseline), mood.label, 22, ramp=_IN_INK)
        left = _write(image, (left + 7, baseline), str(count), 22, ramp=_IN_MUTED) + _LEGEND_GAP


@lru_cache(maxsize=25)
def _tile(first: Mood, second: Mood) -> Image.Image:
    """A day's square: ``first`` at the top left, ``second`` at the bottom right."""
    return _square_of(_KINDS.index((_rgb(first.light), _rgb(second.light))))


@lru_cache(maxsize=1)
def _blank_tile() -> Image.Image:
    return _square_of(0)


def _square_of(kind: int) -> Image.Image:
    return _square_regions().point([(kind * _REGIONS + region) % 256 for region in range(256)])


@lru_cache(maxsize=1)
def _square_regions() -> Image.Image:
    """The shape of every square: the region of each pixel."""
    coverage = _rounded(_SIDE, _CORNER)
    shape = Image.new("L", (_PITCH, _PITCH), _OUTSIDE)
    for x, y in product(range(_SIDE), repeat=2):
        strength = round(cast(int, coverage.getpixel((x, y))) * 3 / 255)
        beyond = x + y - (_SIDE - 1)  # the pixels of the diagonal are half of each mood
        if strength == 0:
            region = _OUTSIDE
        elif beyond > 0:
            region = _SECOND - 3 + strength
        elif beyond == 0 and strength == 3:
            region = _DIAGONAL
        else:
            region = _FIRST - 3 + strength
        shape.putpixel((x, y + _GAP // 2), region)
    return shape


@lru_cache(maxsize=1)
def _future_tile() -> Image.Image:
    return _outlined(_SIDE, _CORNER, 1.5).point(_IN_OUTLINE)


@lru_cache(maxsize=1)
def _ring() -> Image.Image:
    """Reaches as far as the squares next to it, and not onto them."""
    around = _RING_GAP + _RING
    return _outlined(_SIDE + 2 * around, _CORNER + around, _RING)


def _rounded(side: int, radius: float, inset: float = 0) -> Image.Image:
    """How far a rounded square, ``inset`` from the edges of its image, covers each pixel."""
    large = Image.new("L", (side * _SUPERSAMPLING, side * _SUPERSAMPLING))
    near, far = inset * _SUPERSAMPLING, (side - inset) * _SUPERSAMPLING - 1
    box = (near, near, far, far)
    ImageDraw.Draw(large).rounded_rectangle(box, (radius - inset) * _SUPERSAMPLING, 255)
    return large.reduce(_SUPERSAMPLING)


def _outlined(side: int, radius: float, width: float) -> Image.Image:
    return ImageChops.subtract(_rounded(side, radius), _rounded(side, radius, width))


@lru_cache(maxsize=5)
def _face(mood: Mood) -> Image.Image:
    painted = Image.new("RGB", (_FACE, _FACE), _WHITE)
    faces.paint(painted, mood, (0, 0, _FACE, _FACE))
    channels = painted.tobytes()
    image = Image.new("L", painted.size)
    image.putdata([_nearest(*channels[at : at + 3]) for at in range(0, len(channels), 3)])
    return image


@lru_cache(maxsize=1024)
def _nearest(red: int, green: int, blue: int) -> int:
    """The index of the palette's colour that is least away from this one."""

    def distance(index: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(_PALETTE[index], (red, green, blue), strict=True))

    return min(range(len(_PALETTE)), key=distance)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow (Aileron), so that the picture is the same everywhere."""
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))


def _write(
    image: Image.Image,
    at: tuple[int, int],
    words: str,
    size: int,
    *,
    ramp: Ramp,
    anchor: str = "ls",
    weight: float = 0,
) -> int:
    """Write on white, ``at`` a point of the baseline; return where the words end, in pixels.

    ``weight`` thickens the strokes by so many pixels, for want of a bold font.
    """
    font = _font(size)
    box = font.getbbox(words, anchor=anchor, stroke_width=weight)
    left, top, right, bottom = (int(edge) for edge in box)
    coverage = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(coverage).text(
        (-left, -top), words, 255, font, anchor=anchor, stroke_width=weight
    )
    image.paste(coverage.point(ramp), (at[0] + left, at[1] + top))
    return at[0] + right
