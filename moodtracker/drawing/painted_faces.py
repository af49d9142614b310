"""The five faces in pixels; ``faces`` has them as SVG."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

from moodtracker.drawing.faces import CENTRE, RADIUS, SIDE
from moodtracker.moods import Mood, Point, Stroke

_SUPERSAMPLING = 8
_STEPS = 24  # straight pieces that stand for one curve

Box = tuple[int, int, int, int]


def icon(mood: Mood, side: int, *, inset: float = 0.0, ground: str | None = None) -> bytes:
    """The face as a PNG of ``side`` pixels, with ``inset`` of it left free on each edge.

    It stands on ``ground`` ('#rrggbb'), or on nothing at all.
    """
    colours, coverage = _pixels(mood, side - 2 * round(side * inset))
    image = Image.new("RGBA", (side, side), ground or "#00000000")
    image.paste(colours, (round(side * inset),) * 2, coverage)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def paint(image: Image.Image, mood: Mood, box: Box) -> None:
    """Paint the face in its light colour onto an RGB ``image``.

    ``box`` is left, top, right and bottom in pixels, right and bottom exclusive; a face fills the
    largest square at its left top.
    """
    left, top, right, bottom = box
    colours, coverage = _pixels(mood, min(right - left, bottom - top))
    image.paste(colours, (left, top), coverage)


@lru_cache(maxsize=32)
def _pixels(mood: Mood, side: int) -> tuple[Image.Image, Image.Image]:
    """A square of ``side`` pixels in the face's colours, and how far its disc covers each pixel."""
    scale = side * _SUPERSAMPLING / SIDE
    large = (side * _SUPERSAMPLING, side * _SUPERSAMPLING)
    colours = Image.new("RGB", large, mood.light)
    draw = ImageDraw.Draw(colours)
    ink = mood.face.ink
    for eye in mood.face.eyes:
        _dot(draw, eye, mood.face.eye_radius, scale, ink)
    for stroke in mood.face.strokes:
        _paint_stroke(draw, stroke, scale, ink)
    coverage = Image.new("L", large)
    _dot(ImageDraw.Draw(coverage), (CENTRE, CENTRE), RADIUS, scale, 255)
    return colours.reduce(_SUPERSAMPLING), coverage.reduce(_SUPERSAMPLING)


def _paint_stroke(draw: ImageDraw.ImageDraw, stroke: Stroke, scale: float, ink: str) -> None:
    (x0, y0), (x1, y1), (x2, y2) = stroke.start, stroke.control, stroke.end
    curve = [
        (
            (1 - t) ** 2 * x0 + 2 * t * (1 - t) * x1 + t**2 * x2,
            (1 - t) ** 2 * y0 + 2 * t * (1 - t) * y1 + t**2 * y2,
        )
        for t in (step / _STEPS for step in range(_STEPS + 1))
    ]
    if stroke.filled:
        curve.append(curve[0])
    scaled = [(x * scale, y * scale) for x, y in curve]
    if stroke.filled:
        draw.polygon(scaled, fill=ink)
    draw.line(scaled, fill=ink, width=round(stroke.width * scale))
    for point in curve:  # round ends and joints
        _dot(draw, point, stroke.width / 2, scale, ink)


def _dot(
    draw: ImageDraw.ImageDraw, centre: Point, radius: float, scale: float, ink: str | int
) -> None:
    x, y = centre
    box = [(x - radius) * scale, (y - radius) * scale, (x + radius) * scale, (y + radius) * scale]
    draw.ellipse(box, fill=ink)
