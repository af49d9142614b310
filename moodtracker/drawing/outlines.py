"""The outlines of a square as paths of lines and arcs, for drawings made of shapes (SVG, PDF).

Each path is closed.
"""

from math import sqrt
from typing import Literal, NamedTuple

from moodtracker.drawing.layout import Box


class Step(NamedTuple):
    """On to (x, y): without drawing (M), by a straight line (L), or by a clockwise arc (A)."""

    kind: Literal["M", "L", "A"]
    x: float
    y: float
    radius: float = 0


Path = list[Step]

_OVERLAP = 1  # the first half reaches so far under the second that no gap shows between them


def whole(box: Box, corner: float, grown: float = 0) -> Path:
    """A square with round corners, ``grown`` on each side (or made smaller, where negative)."""
    left, top = box.left - grown, box.top - grown
    right, bottom = box.right + grown, box.bottom + grown
    corner += grown
    return [
        Step("M", left + corner, top),
        Step("L", right - corner, top),
        Step("A", right, top + corner, corner),
        Step("L", right, bottom - corner),
        Step("A", right - corner, bottom, corner),
        Step("L", left + corner, bottom),
        Step("A", left, bottom - corner, corner),
        Step("L", left, top + corner),
        Step("A", left + corner, top, corner),
    ]


def first_half(box: Box, corner: float) -> Path:
    """What lies above the line from bottom left to top right."""
    tip = _tip(corner)
    beyond = box.side / 2 + _OVERLAP
    return [
        Step("M", box.left + tip, box.bottom - tip),
        Step("A", box.left, box.bottom - corner, corner),
        Step("L", box.left, box.top + corner),
        Step("A", box.left + corner, box.top, corner),
        Step("L", box.right - corner, box.top),
        Step("A", box.right - tip, box.top + tip, corner),
        Step("L", box.left + beyond, box.top + beyond),
    ]


def second_half(box: Box, corner: float) -> Path:
    """What lies below that line."""
    tip = _tip(corner)
    return [
        Step("M", box.right - tip, box.top + tip),
        Step("A", box.right, box.top + corner, corner),
        Step("L", box.right, box.bottom - corner),
        Step("A", box.right - corner, box.bottom, corner),
        Step("L", box.left + corner, box.bottom),
        Step("A", box.left + tip, box.bottom - tip, corner),
    ]


def _tip(corner: float) -> float:
    """How far the diagonal's end on a round corner is from both edges."""
    return corner * (1 - sqrt(0.5))
