"""A picture of a board as a PDF of one page: shapes and real text, sharp on any paper.

fpdf2 writes it: small, alive, in Python alone, and it embeds only the letters that are used.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import asin, cos, hypot, sin, tan

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
from moodtracker.moods import Mood, Point

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
        for path in _Paths(picture).in_order():
            shapes.add_item(path, clone=False)
        drawing.add_item(shapes, clone=False)
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


class _Paths:
    """The picture's shapes, those of one paint in one path: that is quicker to write and smaller.

    Nothing but what is painted later lies over anything: the second half over the edge of the
    first, faces over squares, and their eyes and strokes over their discs.
    """

    def __init__(self, picture: Picture) -> None:
        self._paths: dict[tuple[int, str, float], PaintedPath] = {}
        for square in picture.squares:
            self._add_square(square, picture.corner)
        for mood, box in (*picture.marks, *picture.legend):
            self._add_face(mood, box)

    def in_order(self) -> Iterator[PaintedPath]:
        """The paths, those on the ground first."""
        for key in sorted(self._paths):
            yield self._paths[key]

    def _add_square(self, square: Square, corner: int) -> None:
        box = square.box
        if len(square.moods) == 2:
            first, second = square.moods
            _follow(self._filled(0, first.light), outlines.first_half(box, corner))
            _follow(self._filled(1, second.light), outlines.second_half(box, corner))
        elif square.moods:
            _follow(self._filled(0, square.moods[0].light), outlines.whole(box, corner))
        elif square.is_ahead:
            line = outlines.whole(box, corner, -OUTLINE_WIDTH / 2)
            _follow(self._lined(0, OUTLINE, OUTLINE_WIDTH), line)
        else:
            _follow(self._filled(0, BLANK), outlines.whole(box, corner))
        if square.is_today:
            line = outlines.whole(box, corner, RING_GAP + RING / 2)
            _follow(self._lined(0, INK, RING), line)

    def _add_face(self, mood: Mood, box: Box) -> None:
        scale, ink = box.side / faces.SIDE, mood.face.ink

        def at(point: Point) -> Point:
            return box.left + point[0] * scale, box.top + point[1] * scale

        disc = self._filled(2, mood.light)
        disc.circle(*at((faces.CENTRE, faces.CENTRE)), faces.RADIUS * scale)
        for eye in mood.face.eyes:
            self._filled(3, ink).circle(*at(eye), mood.face.eye_radius * scale)
        for stroke in mood.face.strokes:
            path = self._lined(3, ink, stroke.width * scale, is_filled=stroke.filled)
            path.move_to(*at(stroke.start))
            path.quadratic_curve_to(*at(stroke.control), *at(stroke.end))
            if stroke.filled:
                path.close()

    def _filled(self, layer: int, colour: str) -> PaintedPath:
        key = (layer, colour, 0.0)
        if key not in self._paths:
            path = self._paths[key] = PaintedPath()
            path.style.paint_rule = PathPaintRule.FILL_NONZERO
            path.style.fill_color = colour
        return self._paths[key]

    def _lined(
        self, layer: int, colour: str, width: float, *, is_filled: bool = False
    ) -> PaintedPath:
        key = (layer, colour, -width if is_filled else width)
        if key not in self._paths:
            path = self._paths[key] = PaintedPath()
            path.style.auto_close = False
            path.style.paint_rule = PathPaintRule.STROKE
            path.style.stroke_color = colour
            path.style.stroke_width = width
            path.style.stroke_cap_style = "round"
            path.style.stroke_join_style = "round"
            if is_filled:
                path.style.paint_rule = PathPaintRule.STROKE_FILL_NONZERO
                path.style.fill_color = colour
        return self._paths[key]


def _follow(path: PaintedPath, outline: outlines.Path) -> None:
    """Add a closed outline to the path."""
    at = (0.0, 0.0)
    for kind, x, y, radius in outline:
        if kind == "M":
            path.move_to(x, y)
        elif kind == "L":
            path.line_to(x, y)
        else:
            path.curve_to(*_controls(at, (x, y), radius), x, y)
        at = (x, y)
    path.close()


def _controls(start: Point, end: Point, radius: float) -> tuple[float, float, float, float]:
    """Both control points of the Bezier curve that is as good as a clockwise arc of up to 90°.

    No more than 0.03 % of the radius beside it; fpdf2's own arcs take half the time of a drawing.
    """
    across, down = end[0] - start[0], end[1] - start[1]
    chord = hypot(across, down)
    half = asin(min(1.0, chord / (2 * radius)))  # of the angle
    reach = radius * 4 / 3 * tan(half / 2)  # of each control point, along the tangent of its end
    along, aside = reach * cos(half) / chord, reach * sin(half) / chord
    return (
        start[0] + along * across + aside * down,
        start[1] + along * down - aside * across,
        end[0] - along * across + aside * down,
        end[1] - along * down - aside * across,
    )


def _write(document: FPDF, label: Label, scale: float, left: float, top: float) -> None:
    document.set_font("DejaVu", "B" if label.bold else "", label.size * scale)
    at = label.left
    for run in label.seen_runs:
        document.set_text_color(run.colour)
        words = lettering.as_seen(run.words)
        document.text(left + at * scale, top + label.baseline * scale, words)
        at += lettering.width(run.words, label.size, bold=label.bold)
