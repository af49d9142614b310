"""The five moods: score, name, emoji, colours and face.

The colours keep any two moods at least 14 apart (CAM02-UCS) for full protanopia,
deuteranopia and tritanopia, and their lightness rises with the mood.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from moodtracker.language import gettext, marked

_WORDS = (marked("awful"), marked("bad"), marked("okay"), marked("good"), marked("great"))
_LABELS = (marked("Awful"), marked("Bad"), marked("Okay"), marked("Good"), marked("Great"))


class Mood(IntEnum):
    """A mood by its score, 1 (awful) to 5 (great)."""

    AWFUL = 1
    BAD = 2
    OKAY = 3
    GOOD = 4
    GREAT = 5

    __hash__ = int.__hash__  # Enum's own is written in Python, and moods are counted by the hundred

    @property
    def word(self) -> str:
        """The mood's name as it stands in a sentence: 'good'."""
        return gettext(_WORDS[self - 1])

    @property
    def label(self) -> str:
        """The mood's name as it stands on a button: 'Good'."""
        return gettext(_LABELS[self - 1])

    @property
    def emoji(self) -> str:
        """The Unicode emoji, for titles, labels and plain text."""
        return "😢🙁😐🙂😄"[self - 1]

    @property
    def light(self) -> str:
        """The colour on a light ground, as #rrggbb."""
        return ("#4f2f8f", "#4a6fb5", "#2fa89a", "#8fb53a", "#ffdf4a")[self - 1]

    @property
    def dark(self) -> str:
        """The colour on a dark ground, as #rrggbb."""
        return ("#6b4fc0", "#5f8ad6", "#4cc0b0", "#a3c24a", "#ffe768")[self - 1]

    @property
    def face(self) -> "Face":
        """The drawing of the face, the same in the page, the picture and the mail."""
        return _FACES[self]


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """One stroke of a face in a square of 24 x 24: a quadratic Bézier curve, 0 at the top left.

    ``filled`` closes the curve with a straight line and fills it; ``width`` is the line's.
    """

    start: Point
    control: Point
    end: Point
    width: float = 1.6
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Face:
    """A disc in the mood's colour with eyes (round dots of ``eye_radius``) and strokes on it."""

    ink: Literal["#ffffff", "#23212b"]
    eyes: tuple[Point, ...]
    eye_radius: float
    strokes: tuple[Stroke, ...]


_WHITE: Literal["#ffffff"] = "#ffffff"
_DARK: Literal["#23212b"] = "#23212b"

_FACES = {
    Mood.AWFUL: Face(
        _WHITE,
        ((8.3, 11.3), (15.7, 11.3)),
        0.9,
        (
            Stroke((6.5, 9.5), (8.3, 8.8), (9.8, 7.9)),
            Stroke((17.5, 9.5), (15.7, 8.8), (14.2, 7.9)),
            Stroke((7.5, 17.4), (12.0, 12.8), (16.5, 17.4)),
        ),
    ),
    Mood.BAD: Face(
        _WHITE,
        ((8.4, 10.0), (15.6, 10.0)),
        1.35,
        (Stroke((8.0, 16.7), (12.0, 14.2), (16.0, 16.7)),),
    ),
    Mood.OKAY: Face(
        _DARK,
        ((8.4, 10.0), (15.6, 10.0)),
        1.35,
        (Stroke((8.1, 16.1), (12.0, 16.1), (15.9, 16.1)),),
    ),
    Mood.GOOD: Face(
        _DARK,
        ((8.4, 10.0), (15.6, 10.0)),
        1.35,
        (Stroke((7.7, 14.7), (12.0, 18.1), (16.3, 14.7)),),
    ),
    Mood.GREAT: Face(
        _DARK,
        (),
        0.0,
        (
            Stroke((6.6, 10.3), (8.4, 7.5), (10.2, 10.3)),
            Stroke((13.8, 10.3), (15.6, 7.5), (17.4, 10.3)),
            Stroke((7.5, 13.9), (12.0, 23.0), (16.5, 13.9), 1.4, True),
        ),
    ),
}
