"""The five faces as SVG and as pixels, both from the same :class:`~moodtracker.moods.Face`."""

from functools import lru_cache
from io import BytesIO
from urllib.parse import quote

from PIL import Image, ImageDraw

from moodtracker.moods import Mood, Point, Stroke

# A face fills a square of 24 x 24; its disc leaves a hair's breadth of it free.
SIDE = 24
CENTRE = 12
RADIUS = 11.6

_SUPERSAMPLING = 8
_STEPS = 24  # straight pieces that stand for one curve

Box = tuple[int, int, int, int]


def symbols() -> str:
    """An invisible inline ``<svg>`` that holds each face as ``<symbol id="face-1">`` to ``face-5``.

    A page has it once, before any :func:`face`. The discs take their colours from the custom
    properties ``--mood-1`` to ``--mood-5``, so that light and dark are a matter of the style sheet.
    """
    drawn = "".join(symbol(mood, f"var(--mood-{mood:d})") for mood in Mood)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" display="none"'
        f' aria-hidden="true">{drawn}</svg>'
    )


def symbol(mood: Mood, colour: str) -> str:
    """The face as a ``<symbol>`` to be used by its :func:`symbol_id`, its disc in ``colour``."""
    shapes = _shapes(mood, colour)
    return f'<symbol id="{symbol_id(mood)}" viewBox="0 0 {SIDE} {SIDE}">{shapes}</symbol>'


def symbol_id(mood: Mood) -> str:
    """The id of a face's symbol within its document."""
    return f"face-{mood:d}"


def face(mood: Mood) -> str:
    """The face in a page that has :func:`symbols`; hidden from screen readers, which hear words."""
    return f'<svg class="face" aria-hidden="true"><use href="#{symbol_id(mood)}"/></svg>'


def standalone(mood: Mood) -> str:
    """The face as a whole SVG document in its light colour, for instance as the page's icon."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">'
        f"{_shapes(mood, mood.light)}</svg>"
    )


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


def for_squares() -> str:
    """CSS custom properties ``--face-1`` to ``--face-5``: each face without its disc."""
    return "".join(f"--face-{mood:d}:url('{_without_disc(mood)}');" for mood in Mood)


def _without_disc(mood: Mood) -> str:
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">{_lines(mood)}</svg>'
    )
    return "data:image/svg+xml," + quote(drawn, safe='/:=" ')


def paint(image: Image.Image, mood: Mood, box: Box) -> None:
    """Paint the face in its light colour onto an RGB ``image``.

    ``box`` is left, top, right and bottom in pixels, right and bottom exclusive; a face fills the
    largest square at its left top.
    """
    left, top, right, bottom = box
    colours, coverage = _pixels(mood, min(right - left, bottom - top))
    image.paste(colours, (left, top), coverage)


def _shapes(mood: Mood, colour: str) -> str:
    """The disc, the eyes and the strokes as SVG elements."""
    disc = f'<circle cx="{CENTRE}" cy="{CENTRE}" r="{RADIUS:g}" fill="{colour}"/>'
    return disc + _lines(mood)


def _lines(mood: Mood) -> str:
    ink = mood.face.ink
    eyes = "".join(
        f'<circle cx="{x:g}" cy="{y:g}" r="{mood.face.eye_radius:g}"/>' for x, y in mood.face.eyes
    )
    strokes = "".join(_path(stroke, ink) for stroke in mood.face.strokes)
    return f'<g fill="{ink}" stroke-linecap="round" stroke-linejoin="round">{eyes}{strokes}</g>'


def _path(stroke: Stroke, ink: str) -> str:
    (x0, y0), (x1, y1), (x2, y2) = stroke.start, stroke.control, stroke.end
    closed, fill = ("Z", "") if stroke.filled else ("", ' fill="none"')
    return (
        f'<path d="M{x0:g} {y0:g}Q{x1:g} {y1:g} {x2:g} {y2:g}{closed}"{fill}'
        f' stroke="{ink}" stroke-width="{stroke.width:g}"/>'
    )


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
