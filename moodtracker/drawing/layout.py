"""Where everything lies in a picture of a board: plain geometry, drawn by SVG, PNG and PDF alike.

A :class:`Picture` says all that there is to draw, so that no two kinds of file can disagree. Its
unit is the pixel of the smallest PNG; x grows to the right and y downwards. In a language that is
written from the right the whole picture is mirrored, but for the halves of a square: the first
mood is always at the top left.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple

from moodtracker import language
from moodtracker.board import Board
from moodtracker.drawing import lettering
from moodtracker.drawing.kept import kept
from moodtracker.language import gettext as _
from moodtracker.moods import Mood

WHITE, INK, MUTED, BLANK, OUTLINE = "#ffffff", "#23212b", "#6f6d78", "#eeebe4", "#e0dcd3"

Anchor = Literal["left", "middle", "right"]


class Paper(StrEnum):
    """A size of paper."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def points(self) -> tuple[float, float]:
        """Its shorter and its longer edge in points, 72 to the inch (ISO 216, ANSI Y14.1)."""
        return (595.28, 841.89) if self is Paper.A4 else (612, 792)


class Box(NamedTuple):
    """A square area by its left top corner and the length of its side."""

    left: int
    top: int
    side: int

    @property
    def right(self) -> int:
        """Where it ends, exclusive."""
        return self.left + self.side

    @property
    def bottom(self) -> int:
        """Where it ends, exclusive."""
        return self.top + self.side


class Square(NamedTuple):
    """A day: its moods (none to two, the first at the top left), and when it is."""

    day: date
    box: Box
    moods: tuple[Mood, ...]
    is_ahead: bool
    is_today: bool


class Run(NamedTuple):
    """Words in one colour."""

    words: str
    colour: str


class Label(NamedTuple):
    """Runs in a line, one after the other in reading order.

    ``x`` is where the line begins, has its middle, or ends, as ``anchor`` says; ``baseline`` is
    what the letters stand on; ``size`` is the em.
    """

    x: float
    baseline: int
    runs: tuple[Run, ...]
    size: int
    anchor: Anchor = "left"
    bold: bool = False

    @property
    def width(self) -> float:
        """How far the line reaches, in the font of our pictures."""
        return sum(lettering.width(run.words, self.size, bold=self.bold) for run in self.runs)

    @property
    def left(self) -> float:
        """Where the line begins on the left."""
        return self.x - self.width * {"left": 0, "middle": 0.5, "right": 1}[self.anchor]

    @property
    def seen_runs(self) -> tuple[Run, ...]:
        """The runs from left to right as they are seen."""
        return self.runs if language.direction() == "ltr" else self.runs[::-1]


class Disc(NamedTuple):
    """A mood's face in its place."""

    mood: Mood
    box: Box


@dataclass(frozen=True, slots=True)
class Picture:
    """All that there is to draw, on white, in this order: squares, ring, faces, labels.

    ``corner`` is the radius of a square's corners and ``pitch`` the way from one square to the
    next. A day that has not come is outlined :data:`OUTLINE_WIDTH` thick, inside its box; the ring
    round today lies :data:`RING_GAP` away from its square and is :data:`RING` thick. ``marks`` are
    faces on squares of their own colour, ``legend`` those on white.
    """

    width: int
    height: int
    board: Board
    squares: tuple[Square, ...]
    legend: tuple[Disc, ...]
    labels: tuple[Label, ...]
    corner: int
    pitch: int
    marks: tuple[Disc, ...] = ()

    @property
    def title(self) -> str:
        """What the picture is, in words."""
        return _("My moods of {year}").format(year=self.board.year)


OUTLINE_WIDTH = 1.5
RING_GAP, RING = 2, 2

# The year in twelve rows: a mail shows it 600 wide.
WIDTH, HEIGHT = 1200, 636
_MARGIN = 22
_SIDE, _PITCH, _CORNER = 32, 36, 8
_GRID_LEFT = WIDTH - _MARGIN - (30 * _PITCH + _SIDE)
_GRID_TOP = 118
_NAMES_END = _GRID_LEFT - 6
_LONGEST_NAME = _NAMES_END - 8
_LEGEND_TOP = _GRID_TOP + 12 * _PITCH + 24

# The poster: a calendar for each month, 3 x 4, on a sheet with the proportions of A4.
POSTER_WIDTH, POSTER_HEIGHT = 1240, 1754
_POSTER_MARGIN = 118
_DAY_SIDE, _DAY_PITCH, _DAY_CORNER = 38, 43, 10
_CALENDAR_WIDTH = 6 * _DAY_PITCH + _DAY_SIDE
_CALENDAR_PITCH = (POSTER_WIDTH - 2 * _POSTER_MARGIN - _CALENDAR_WIDTH) // 2
_CALENDARS_TOP, _CALENDAR_HEIGHT = 314, 326
_POSTER_LEGEND_TOP = 1610


def landscape(board: Board, *, has_faces: bool = False) -> Picture:
    """Twelve rows of days, as the page has them on a wide screen; faces in the squares if asked."""
    year = Label(_MARGIN, 58, (Run(str(board.year), INK),), 40, bold=True)
    days = Label(_MARGIN + round(year.width) + 16, 58, (Run(kept(board), MUTED),), 23)
    labels = [year, days]
    for number in range(1, 32):
        box = square(date(board.year, 1, number))
        middle = box.left + box.side / 2
        labels.append(_muted(middle, box.top - 13, language.number(number), 15, "middle"))
    names = [language.month(month, "abbreviated") for month in range(1, 13)]
    size = min(_fitting(name, 17, _LONGEST_NAME) for name in names)
    widest = max(lettering.width(name, size) for name in names)
    left = min(_MARGIN, _NAMES_END - widest)  # long names reach into the margin
    for month, name in enumerate(names, 1):
        top = square(date(board.year, month, 1)).top
        labels.append(_muted(left, top + 22, name, size))
    legend = _legend(board, left=_MARGIN, top=_LEGEND_TOP, width=WIDTH - 2 * _MARGIN)
    squares = [_day(board, day, square(day)) for _number, days in board.months() for day in days]
    return _finished(
        Picture(
            WIDTH,
            HEIGHT,
            board,
            tuple(squares),
            tuple(disc for disc, _label in legend),
            (*labels, *(label for _disc, label in legend)),
            _CORNER,
            _PITCH,
        ),
        has_faces=has_faces,
    )


def poster(board: Board, *, has_faces: bool = False) -> Picture:
    """A calendar for each month, weeks as rows, on a portrait sheet."""
    right = POSTER_WIDTH - _POSTER_MARGIN
    labels = [
        Label(_POSTER_MARGIN - 4, 212, (Run(str(board.year), INK),), 92, bold=True),
        _muted(right, 212, kept(board), 27, "right"),
    ]
    squares: list[Square] = []
    for month, days in board.months():
        row, column = divmod(month - 1, 3)
        left = _POSTER_MARGIN + column * _CALENDAR_PITCH
        top = _CALENDARS_TOP + row * _CALENDAR_HEIGHT
        name = (Run(language.month(month), INK),)
        labels.append(Label(left, top - 18, name, 22, bold=True))
        first = (days[0].weekday() - language.first_weekday()) % 7
        for place, day in enumerate(days, first):
            week, weekday = divmod(place, 7)
            corner = (left + weekday * _DAY_PITCH, top + week * _DAY_PITCH)
            squares.append(_day(board, day, Box(*corner, _DAY_SIDE)))
    legend = _legend(
        board,
        left=_POSTER_MARGIN,
        top=_POSTER_LEGEND_TOP,
        width=right - _POSTER_MARGIN,
        is_spread=True,
    )
    return _finished(
        Picture(
            POSTER_WIDTH,
            POSTER_HEIGHT,
            board,
            tuple(squares),
            tuple(disc for disc, _label in legend),
            (*labels, *(label for _disc, label in legend)),
            _DAY_CORNER,
            _DAY_PITCH,
        ),
        has_faces=has_faces,
    )


@lru_cache(maxsize=732)  # of two years
def square(day: date) -> Box:
    """Where a day lies in :func:`landscape`, in a language that is written from the left."""
    return Box(_GRID_LEFT + (day.day - 1) * _PITCH, _GRID_TOP + (day.month - 1) * _PITCH, _SIDE)


def _day(board: Board, day: date, box: Box) -> Square:
    moods = tuple([entry.mood for entry in board.on(day)])
    is_ahead = board.today is not None and day > board.today
    return Square(day, box, moods, is_ahead, day == board.today)


def _marks(squares: Iterable[Square]) -> Iterator[Disc]:
    """A face over the whole of a square, or a smaller one in each of its halves."""
    for _date, box, moods, _is_ahead, _is_today in squares:
        if len(moods) == 1:
            yield Disc(moods[0], box)
        elif moods:
            side = round(box.side * 0.56)
            yield Disc(moods[0], Box(box.left, box.top, side))
            yield Disc(moods[1], Box(box.right - side, box.bottom - side, side))


def _muted(x: float, baseline: int, words: str, size: int, anchor: Anchor = "left") -> Label:
    return Label(x, baseline, (Run(words, MUTED),), size, anchor)


def _fitting(words: str, size: int, width: float) -> int:
    """``size``, or the largest below it in which ``words`` are no wider than ``width``."""
    return next(
        (fit for fit in range(size, 6, -1) if lettering.width(words, fit) <= width),
        6,
    )


def _legend(
    board: Board, *, left: int, top: int, width: int, is_spread: bool = False
) -> list[tuple[Disc, Label]]:
    """Each mood's face with its name and count, great to awful: close, or over the whole width."""
    face, space, close = 30, 11, 34
    runs = [
        (mood, (Run(mood.label, INK), Run(" ", INK), Run(language.number(count), MUTED)))
        for mood, count in reversed(board.counts.items())
    ]
    for size in range(20, 8, -1):
        labels = [Label(0, top + 22, words, size) for _mood, words in runs]
        free = width - sum(face + space + label.width for label in labels)
        gap = free / (len(labels) - 1)
        if gap >= space:
            break
    gap = gap if is_spread else min(gap, close)
    placed, at = [], float(left)
    for (mood, _words), label in zip(runs, labels, strict=True):
        disc = Disc(mood, Box(round(at), top, face))
        placed.append((disc, label._replace(x=round(at) + face + space)))
        at += face + space + label.width + gap
    return placed


def _finished(picture: Picture, *, has_faces: bool) -> Picture:
    """The picture mirrored where the language is written from the right; then with its marks."""
    if language.direction() == "rtl":
        picture = _mirrored(picture)
    return replace(picture, marks=tuple(_marks(picture.squares))) if has_faces else picture


def _mirrored(picture: Picture) -> Picture:
    def across(box: Box) -> Box:
        return box._replace(left=picture.width - box.right)

    opposite: dict[Anchor, Anchor] = {"left": "right", "middle": "middle", "right": "left"}
    return replace(
        picture,
        squares=tuple(each._replace(box=across(each.box)) for each in picture.squares),
        legend=tuple(each._replace(box=across(each.box)) for each in picture.legend),
        labels=tuple(
            each._replace(x=picture.width - each.x, anchor=opposite[each.anchor])
            for each in picture.labels
        ),
    )
