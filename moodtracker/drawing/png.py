"""A picture of a board as a PNG: in the year-end mail, and for those who download it.

The image is made of palette indices from the first pixel to the last. All squares have the same
shape in eight regions, and the palette has eight colours in a row for each kind of day. So a colour
is the mood's own to the bit, nothing is quantized, and two squares differ by one constant: stored
as differences from the row above, all squares are alike, so that a full year takes 14 KB and is
quick to pack. What many pictures have in common - squares, faces, words - is painted once.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import cast

from PIL import Image, ImageChops, ImageDraw

from moodtracker.drawing import indexed_png, lettering, painted_faces
from moodtracker.drawing.layout import (
    BLANK,
    INK,
    MUTED,
    OUTLINE,
    OUTLINE_WIDTH,
    RING,
    RING_GAP,
    WHITE,
    Label,
    Picture,
    Square,
)
from moodtracker.moods import Mood

_SUPERSAMPLING = 8

Rgb = tuple[int, int, int]
Ramp = Sequence[int]  # of 256: the palette index for each coverage, 0 to 255
Tile = tuple[bytes, ...]  # a day's pixels, row by row


def _rgb(colour: str) -> Rgb:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _blend(a: Rgb, b: Rgb, share: float) -> Rgb:
    """The colour ``share`` of the way from ``a`` to ``b``."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


_WHITE, _BLANK = _rgb(WHITE), _rgb(BLANK)

# The regions of a square: outside its round corners, the first mood in three strengths (two for
# smooth edges), the diagonal, the second mood in three strengths.
_OUTSIDE, _FIRST, _DIAGONAL, _SECOND, _REGIONS = 0, 3, 4, 7, 8

# The kinds of days by their two colours, awful and awful to great and great; the blank one comes
# first, so that index 0 is white.
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


_RAMPS = {
    INK: _ramp(_WHITE, _rgb(INK), 6),
    MUTED: _ramp(_WHITE, _rgb(MUTED), 6),
    OUTLINE: _ramp(_WHITE, _rgb(OUTLINE), 3),
}
for _mood in Mood:
    _ramp(_rgb(_mood.light), _rgb(_mood.face.ink), 4)  # for the faces


def draw(picture: Picture, scale: int = 1) -> bytes:
    """The picture as a PNG with ``scale`` pixels for each of its units.

    The same picture gives the same bytes.
    """
    image = Image.new("L", (picture.width * scale, picture.height * scale), 0)
    corner, pitch = picture.corner * scale, picture.pitch * scale
    tops = []
    for line in _lines(picture):
        left, top, side = (edge * scale for edge in line[0].box)
        tiles = [_tile_of(square, side, corner, pitch, scale) for square in line]
        tops.append(top - _above(pitch, side))
        image.paste(_side_by_side(tiles), (left, tops[-1]))
    for square in picture.squares:
        if square.is_today:
            left, top, side = (edge * scale for edge in square.box)
            around = (RING_GAP + RING) * scale
            coverage = _outlined(side + 2 * around, corner + around, RING * scale)
            _paint(image, coverage, (left - around, top - around), INK)
    for discs, is_on_white in ((picture.marks, False), (picture.legend, True)):
        for mood, box in discs:
            left, top, side = (edge * scale for edge in box)
            face, mask = _face(mood, side, is_on_white=is_on_white)
            image.paste(face, (left, top), mask)
    for label in picture.labels:
        _write(image, label, scale)
    bands = range(tops[0], tops[-1] + pitch, pitch)
    return indexed_png.encode(image, _PALETTE, bands, is_one_of_many=scale == 1)


def _lines(picture: Picture) -> Iterator[list[Square]]:
    """The squares that lie side by side, without a hole between them, from left to right."""
    line: list[Square] = []
    for square in sorted(picture.squares, key=lambda square: (square.box.top, square.box.left)):
        if line:
            left, top, _side = line[-1].box
            if square.box[:2] != (left + picture.pitch, top):
                yield line
                line = []
        line.append(square)
    yield line


def _side_by_side(tiles: Iterable[Tile]) -> Image.Image:
    """One image of many tiles: pasting one takes Pillow longer than its pixels."""
    rows = [b"".join(row) for row in zip(*tiles, strict=True)]
    return Image.frombytes("L", (len(rows[0]), len(rows)), b"".join(rows))


def _tile_of(square: Square, side: int, corner: int, pitch: int, scale: int) -> Tile:
    if square.moods:
        first, second = square.moods[0], square.moods[-1]
        return _tile(len(Mood) * (first - 1) + second, side, corner, pitch)
    if square.is_ahead:
        return _tile_ahead(side, corner, pitch, scale)
    return _tile(0, side, corner, pitch)


def _above(pitch: int, side: int) -> int:
    """How much of a tile lies above its square: half of the gap between two squares."""
    return (pitch - side) // 2


@lru_cache(maxsize=128)
def _tile(kind: int, side: int, corner: int, pitch: int) -> Tile:
    """A day of one of :data:`_KINDS`, by its number, with the gap to its neighbours."""
    regions = _regions(side, corner, pitch)
    return _rows(regions.point([(kind * _REGIONS + region) % 256 for region in range(256)]))


@lru_cache(maxsize=8)
def _tile_ahead(side: int, corner: int, pitch: int, scale: int) -> Tile:
    """A day that has not come."""
    tile = Image.new("L", (pitch, pitch), 0)
    _paint(tile, _outlined(side, corner, OUTLINE_WIDTH * scale), (0, _above(pitch, side)), OUTLINE)
    return _rows(tile)


def _rows(image: Image.Image) -> Tile:
    pixels, width = image.tobytes(), image.width
    return tuple(pixels[at : at + width] for at in range(0, len(pixels), width))


@lru_cache(maxsize=8)
def _regions(side: int, corner: int, pitch: int) -> Image.Image:
    """The shape of every square: the region of each pixel."""
    coverage = _rounded(side, corner)
    shape = Image.new("L", (pitch, pitch), _OUTSIDE)
    for x, y in product(range(side), repeat=2):
        strength = round(cast(int, coverage.getpixel((x, y))) * 3 / 255)
        beyond = x + y - (side - 1)  # the pixels of the diagonal are half of each mood
        if strength == 0:
            region = _OUTSIDE
        elif beyond > 0:
            region = _SECOND - 3 + strength
        elif beyond == 0 and strength == 3:
            region = _DIAGONAL
        else:
            region = _FIRST - 3 + strength
        shape.putpixel((x, y + _above(pitch, side)), region)
    return shape


def _rounded(side: int, radius: float, inset: float = 0) -> Image.Image:
    """How far a rounded square, ``inset`` from the edges of its image, covers each pixel."""
    large = Image.new("L", (side * _SUPERSAMPLING, side * _SUPERSAMPLING))
    near, far = inset * _SUPERSAMPLING, (side - inset) * _SUPERSAMPLING - 1
    box = (near, near, far, far)
    ImageDraw.Draw(large).rounded_rectangle(box, (radius - inset) * _SUPERSAMPLING, 255)
    return large.reduce(_SUPERSAMPLING)


@lru_cache(maxsize=16)
def _outlined(side: int, radius: float, width: float) -> Image.Image:
    return ImageChops.subtract(_rounded(side, radius), _rounded(side, radius, width))


def _paint(image: Image.Image, coverage: Image.Image, at: tuple[int, int], colour: str) -> None:
    """Paint on white what ``coverage`` covers, and leave the rest as it is."""
    painted, covered = _painted(coverage, colour)
    image.paste(painted, at, covered)


def _painted(coverage: Image.Image, colour: str) -> tuple[Image.Image, Image.Image]:
    """The paint on white, and which pixels it touches."""
    return coverage.point(_RAMPS[colour]), coverage.point([0] + 255 * [255])


@lru_cache(maxsize=64)
def _face(mood: Mood, side: int, *, is_on_white: bool) -> tuple[Image.Image, Image.Image]:
    """The face, and a mask of its disc where it lies on the mood's own colour."""
    ground = _WHITE if is_on_white else _rgb(mood.light)
    painted = Image.new("RGB", (side, side), ground)
    painted_faces.paint(painted, mood, (0, 0, side, side))
    channels = painted.tobytes()
    image = Image.new("L", painted.size)
    image.putdata([_nearest(*channels[at : at + 3]) for at in range(0, len(channels), 3)])
    mask = Image.new("L", painted.size, 255)
    if not is_on_white:
        mask = _rounded(side, side / 2).point([0] * 255 + [255])
    return image, mask


@lru_cache(maxsize=1024)
def _nearest(red: int, green: int, blue: int) -> int:
    """The index of the palette's colour that is least away from this one."""

    def distance(index: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(_PALETTE[index], (red, green, blue), strict=True))

    return min(range(len(_PALETTE)), key=distance)


def _write(image: Image.Image, label: Label, scale: int) -> None:
    left = label.left * scale
    for run in label.seen_runs:
        words = _words(run.words, label.size * scale, run.colour, bold=label.bold)
        if words is not None:
            painted, covered, beside, above = words
            at = (round(left) + beside, label.baseline * scale + above)
            image.paste(painted, at, covered)
        left += lettering.width(run.words, label.size * scale, bold=label.bold)


@lru_cache(maxsize=1024)
def _words(
    words: str, size: int, colour: str, *, bold: bool
) -> tuple[Image.Image, Image.Image, int, int] | None:
    """Words painted on white, which pixels they touch, and where from their start on the baseline.

    A table of 256 steps takes Pillow longer than the paint itself: each word is painted once.
    """
    font, seen = lettering.font(size, bold=bold), lettering.as_seen(words)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(seen, anchor="ls"))
    if right <= left or bottom <= top:
        return None
    coverage = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(coverage).text((-left, -top), seen, 255, font, anchor="ls")
    return *_painted(coverage, colour), left, top
