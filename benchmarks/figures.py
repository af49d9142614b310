"""A figure against its target, and the table of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``detail`` is what it was made from, and
    ``cause`` what was measured beside it that explains a miss.
    """

    measure: str
    value: float
    target: float
    unit: str = "x"
    at_least: bool = False
    detail: str = ""
    cause: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the target is reached."""
        return self.value >= self.target if self.at_least else self.value <= self.target

    def cells(self) -> tuple[str, str, str, str]:
        """Measure, target, figure, verdict."""
        if math.isnan(self.value):
            return self.measure, "", "not measured", f"MISSED: {self.cause}"
        bound = "at least" if self.at_least else "at most"
        verdict = "met" if self.is_met else f"MISSED: {self.cause}"
        detail = f" ({self.detail})" if self.detail else ""
        return (
            self.measure,
            f"{bound} {_number(self.target)} {self.unit}",
            f"{_number(self.value)} {self.unit}{detail}",
            verdict,
        )


def table(figures: Iterable[Figure]) -> str:
    """All figures as a table that Markdown reads as well."""
    rows = [("measure", "target", "figure", "verdict"), *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        + f" | {row[3]} |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|---|")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
