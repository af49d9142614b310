"""The five faces as SVG; ``painted_faces`` has them in pixels.

Both draw the same :class:`~moodtracker.moods.Face`.
"""

from functools import lru_cache
from urllib.parse import quote

from moodtracker.moods import Mood, Stroke

# A face fills a square of 24 x 24; its disc leaves a hair's breadth of it free.
SIDE = 24
CENTRE = 12
RADIUS = 11.6


@lru_cache
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


def for_squares() -> str:
    """CSS custom properties ``--face-1`` to ``--face-5``: each face without its disc."""
    return "".join(f"--face-{mood:d}:url('{_without_disc(mood)}');" for mood in Mood)


def _without_disc(mood: Mood) -> str:
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">{_lines(mood)}</svg>'
    )
    return "data:image/svg+xml," + quote(drawn, safe='/:=" ')


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
