"""A picture of a board as a PDF of one page: shapes and real text, sharp on any paper.

fpdf2 writes it: small, alive, in Python alone, and it embeds only the letters that are used.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from fpdf import FPDF, ViewerPreferences
from fpdf.drawing import GraphicsContext, PaintedPath
from fpdf.drawing_primitives import Transform
from fpdf.enums import PathPaintRule

from moodtracker import language
from moodtracker.board import Board
from moodtracker.drawing import faces, lettering, outlines
from moodtracker.drawing.layout import (
    BLANK,
    INK,
    OUTLINE,
    OUTLINE_WIDTH,
    RING,
    RING_GAP,
    Box,
    Label,
    Paper,
    Picture,
    Square,
)
from moodtracker.moods import Mood, Point, Stroke

_MARGIN = 28  # points: 1 cm, which any printer leaves


def draw(picture: Picture, paper: Paper = Paper.A4) -> bytes:
    """The picture in the middle of one sheet of ``paper``, as large as fits.

    A picture that is wider than high lies on a landscape sheet. The same picture gives the same
    bytes, whenever and wherever it is drawn.
    """
    short, long = paper.points
    is_wide = picture.width > picture.height
    width, height = (long, short) if is_wide else (short, long)
    margin = _MARGIN if is_wide else 0  # a poster brings its own
    scale = min((width - 2 * margin) / picture.width, (height - 2 * margin) / picture.height)
    left, top = (width - picture.width * scale) / 2, (height - picture.height * scale) / 2
    document = _document(picture, (short, long), is_wide=is_wide)
    with document.drawing_context() as drawing:
        shapes = GraphicsContext()
        shapes.transform = Transform.scaling(scale).translate(left, top)
        for shape in _shapes(picture):
            shapes.add_item(shape)
        drawing.add_item(shapes)
    for label in picture.labels:
        _write(document, label, scale, left, top)
    return bytes(document.output())


def _document(picture: Picture, sheet: tuple[float, float], *, is_wide: bool) -> FPDF:
    document = FPDF("landscape" if is_wide else "portrait", "pt", sheet)
    document.set_auto_page_break(auto=False)
    document.set_title(picture.title)
    document.set_lang(language.spoken())
    document.set_creator("Moodtracker")
    document.set_producer("fpdf2")
    document.set_creation_date(_last_change(picture.board))
    document.viewer_preferences = ViewerPreferences(display_doc_title=True)
    document.add_font("DejaVu", "", lettering.REGULAR)
    document.add_font("DejaVu", "B", lettering.BOLD)
    document.add_page()
    return document


def _last_change(board: Board) -> datetime:
    """What a drawing of this board is dated: the board's own time, so that no two differ."""
    first = datetime(board.year, 1, 1, tzinfo=UTC)
    return max((entry.recorded_at for entry in board.entries), default=first)


def _shapes(picture: Picture) -> Iterator[PaintedPath | GraphicsContext]:
    for square in picture.squares:
        yield from _square(square, picture.corner)
    for mood, box in (*picture.marks, *picture.legend):
        yield _face(mood, box)


def _square(square: Square, corner: int) -> Iterator[PaintedPath]:
    box = square.box
    if len(square.moods) == 2:
        first, second = square.moods
        yield _filled(outlines.first_half(box, corner), first.light)
        yield _filled(outlines.second_half(box, corner), second.light)
    elif square.moods:
        yield _filled(outlines.whole(box, corner), square.moods[0].light)
    elif square.is_ahead:
        yield _lined(outlines.whole(box, corner, -OUTLINE_WIDTH / 2), OUTLINE, OUTLINE_WIDTH)
    else:
        yield _filled(outlines.whole(box, corner), BLANK)
    if square.is_today:
        yield _lined(outlines.whole(box, corner, RING_GAP + RING / 2), INK, RING)


def _filled(outline: outlines.Path, colour: str) -> PaintedPath:
    path = _path(outline)
    path.style.paint_rule = PathPaintRule.FILL_NONZERO
    path.style.fill_color = colour
    return path


def _lined(outline: outlines.Path, colour: str, width: float) -> PaintedPath:
    path = _path(outline)
    path.style.paint_rule = PathPaintRule.STROKE
    path.style.stroke_color = colour
    path.style.stroke_width = width
    return path


def _path(outline: outlines.Path) -> PaintedPath:
    path = PaintedPath()
    for kind, x, y, radius in outline:
        if kind == "M":
            path.move_to(x, y)
        elif kind == "L":
            path.line_to(x, y)
        else:
            path.arc_to(radius, radius, 0, large_arc=False, positive_sweep=True, x=x, y=y)
    path.close()
    return path


def _face(mood: Mood, box: Box) -> GraphicsContext:
    """The disc, the eyes and the strokes, in the face's own units."""
    face, ink = GraphicsContext(), mood.face.ink
    face.transform = Transform.scaling(box.side / faces.SIDE).translate(box.left, box.top)
    face.add_item(_dot((faces.CENTRE, faces.CENTRE), faces.RADIUS, mood.light))
    for eye in mood.face.eyes:
        face.add_item(_dot(eye, mood.face.eye_radius, ink))
    for stroke in mood.face.strokes:
        face.add_item(_stroke(stroke, ink))
    return face


def _dot(centre: Point, radius: float, colour: str) -> PaintedPath:
    path = PaintedPath()
    path.circle(*centre, radius)
    path.style.paint_rule = PathPaintRule.FILL_NONZERO
    path.style.fill_color = colour
    return path


def _stroke(stroke: Stroke, ink: str) -> PaintedPath:
    path = PaintedPath()
    path.move_to(*stroke.start)
    path.quadratic_curve_to(*stroke.control, *stroke.end)
    path.style.stroke_color = ink
    path.style.stroke_width = stroke.width
    path.style.stroke_cap_style = "round"
    path.style.stroke_join_style = "round"
    path.style.paint_rule = PathPaintRule.STROKE
    if stroke.filled:
        path.close()
        path.style.fill_color = ink
        path.style.paint_rule = PathPaintRule.STROKE_FILL_NONZERO
    return path


def _write(document: FPDF, label: Label, scale: float, left: float, top: float) -> None:
    document.set_font("DejaVu", "B" if label.bold else "", label.size * scale)
    at = label.left
    for run in label.seen_runs:
        document.set_text_color(run.colour)
        words = lettering.as_seen(run.words)
        document.text(left + at * scale, top + label.baseline * scale, words)
        at += lettering.width(run.words, label.size, bold=label.bold)
