"""The letters of our pictures: one font for PNG and PDF, and how wide words are in it.

The font is DejaVu Sans (see ``assets/fonts/README.md``), shipped with the app so that a picture is
the same on every machine. Words of a language that is written from the right (Arabic) are joined
and put in the order in which they are seen before they are drawn (Unicode Standard Annex 9):
neither Pillow without the system's FriBiDi nor plain PDF text does that by itself.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arabic_reshaper import ArabicReshaper
    from PIL import ImageFont

_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "fonts"
REGULAR = _FOLDER / "DejaVuSans.ttf"
BOLD = _FOLDER / "DejaVuSans-Bold.ttf"

_MEASURED_AT = 64  # pixels: widths grow with the size, and a large one rounds little
_FIRST_RIGHT_TO_LEFT = "\u0590"  # the first letters of such a script come after Cyrillic's


@lru_cache(maxsize=64)
def font(size: int, *, bold: bool = False) -> "ImageFont.FreeTypeFont":
    """The font with letters of ``size`` pixels to the em."""
    from PIL import ImageFont  # noqa: PLC0415 - see painting.py

    file = BOLD if bold else REGULAR
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=512)
def width(words: str, size: float, *, bold: bool = False) -> float:
    """How far ``words`` reach when written with ``size`` to the em, in the unit of ``size``."""
    return font(_MEASURED_AT, bold=bold).getlength(as_seen(words)) * size / _MEASURED_AT


@lru_cache(maxsize=512)
def as_seen(words: str) -> str:
    """The letters from left to right as they are seen, each in the form that joins its neighbours.

    Words without a letter of a right-to-left script come back as they are.
    """
    if all(letter < _FIRST_RIGHT_TO_LEFT or "\u2000" <= letter < "\u2e80" for letter in words):
        return words
    from bidi import get_display  # noqa: PLC0415 - few languages need it

    return str(get_display(_joiner().reshape(words), base_dir="R"))


@lru_cache
def _joiner() -> "ArabicReshaper":
    from arabic_reshaper import ArabicReshaper  # noqa: PLC0415

    return ArabicReshaper({"delete_harakat": False})  # the marks above and below letters stay
