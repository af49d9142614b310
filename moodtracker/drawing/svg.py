"""A picture of a board as SVG 1.1: sharp at any size, with each day's words in its title."""

from collections.abc import Iterator
from html import escape

from moodtracker import language
from moodtracker.board import Board
from moodtracker.days import zone_of
from moodtracker.drawing import faces, outlines
from moodtracker.drawing.layout import (
    BLANK,
    INK,
    OUTLINE,
    OUTLINE_WIDTH,
    RING,
    RING_GAP,
    WHITE,
    Disc,
    Label,
    Picture,
    Square,
)
from moodtracker.language import gettext as _
from moodtracker.moods import Mood

# The font of our other pictures, then fonts that are as wide as it or narrower.
_FONTS = "'DejaVu Sans', Verdana, 'Segoe UI', 'Noto Sans', 'Noto Sans Arabic', sans-serif"


def draw(picture: Picture) -> str:
    """The picture as an SVG document that stands alone: it loads nothing and runs nothing."""
    return "".join(_document(picture))


def _document(picture: Picture) -> Iterator[str]:
    width, height = picture.width, picture.height
    title = escape(picture.title)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-label="{title}" xml:lang="{language.spoken()}"'
        f' font-family="{_FONTS}"><title>{title}</title><defs>'
    )
    for mood in Mood:
        yield faces.symbol(mood, mood.light)
    yield f'</defs><rect width="{width}" height="{height}" fill="{WHITE}"/>'
    for square in picture.squares:
        words = escape(_words(picture.board, square))
        yield f"<g><title>{words}</title>{''.join(_square(square, picture.corner))}</g>\n"
    for disc in (*picture.marks, *picture.legend):
        yield _face(disc)
    for label in picture.labels:
        yield _text(label)
    yield "</svg>\n"


def _square(square: Square, corner: int) -> Iterator[str]:
    box = square.box
    if len(square.moods) == 2:
        first, second = square.moods
        yield _path(outlines.first_half(box, corner), f'fill="{first.light}"')
        yield _path(outlines.second_half(box, corner), f'fill="{second.light}"')
    elif square.moods:
        yield _path(outlines.whole(box, corner), f'fill="{square.moods[0].light}"')
    elif square.is_ahead:
        line = f'fill="{WHITE}" stroke="{OUTLINE}" stroke-width="{OUTLINE_WIDTH:g}"'
        yield _path(outlines.whole(box, corner, -OUTLINE_WIDTH / 2), line)
    else:
        yield _path(outlines.whole(box, corner), f'fill="{BLANK}"')
    if square.is_today:
        line = f'fill="none" stroke="{INK}" stroke-width="{RING:g}"'
        yield _path(outlines.whole(box, corner, RING_GAP + RING / 2), line)


def _path(path: outlines.Path, paint: str) -> str:
    steps = []
    for kind, x, y, radius in path:
        arc = f"{radius:g} {radius:g} 0 0 1 " if kind == "A" else ""  # a small one, clockwise
        steps.append(f"{kind}{arc}{round(x, 3):g} {round(y, 3):g}")
    return f'<path d="{"".join(steps)}Z" {paint}/>'


def _face(disc: Disc) -> str:
    left, top, side = disc.box
    place = f'x="{left}" y="{top}" width="{side}" height="{side}"'
    return f'<use href="#{faces.symbol_id(disc.mood)}" {place} pointer-events="none"/>'


def _text(label: Label) -> str:
    # The line's beginning is on the right in a language that is written from there.
    begins, ends = ("start", "end") if language.direction() == "ltr" else ("end", "start")
    anchor = {"left": begins, "middle": "middle", "right": ends}[label.anchor]
    weight = ' font-weight="700"' if label.bold else ""
    runs = "".join(
        f'<tspan fill="{run.colour}">{escape(run.words, quote=False)}</tspan>' for run in label.runs
    )
    return (
        f'<text x="{label.x:g}" y="{label.baseline}" font-size="{label.size}"{weight}'
        f' text-anchor="{anchor}" direction="{language.direction()}">{runs}</text>'
    )


def _words(board: Board, square: Square) -> str:
    day = language.full_day(square.day)
    if not square.moods:
        return day
    zone = zone_of(board.zone)
    moods = [
        _("{mood} at {time}").format(
            mood=entry.mood.label, time=language.time_of_day(entry.recorded_at.astimezone(zone))
        )
        for entry in board.on(square.day)
    ]
    return f"{day}: {', '.join(moods)}"
