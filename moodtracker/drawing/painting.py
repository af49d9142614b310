"""What is painted in pixels, and the only way to it from a page or a mail.

Pillow takes 4 MB and a good part of a start's time, and most processes paint nothing for days: it
is loaded with the first picture.
"""

from moodtracker.drawing.layout import Picture
from moodtracker.moods import Mood

SHARP = 2  # pixels for each unit of a picture: for a screen that has two for each point
PRINT = 3  # the poster fills A3 with 318 pixels to the inch, the year in rows is 30 cm wide


def picture(drawn: Picture, scale: int = 1) -> bytes:
    """A board as a PNG with ``scale`` pixels for each unit of its picture, always the same."""
    from moodtracker.drawing import png  # noqa: PLC0415

    return png.draw(drawn, scale)


def face(mood: Mood, side: int, *, inset: float = 0.0, ground: str | None = None) -> bytes:
    """A face as a PNG of ``side`` pixels, with ``inset`` of it left free on each edge.

    It stands on ``ground`` ('#rrggbb'), or on nothing at all.
    """
    from moodtracker.drawing import painted_faces  # noqa: PLC0415

    return painted_faces.icon(mood, side, inset=inset, ground=ground)
