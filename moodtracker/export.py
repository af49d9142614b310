"""A board as data: CSV (RFC 4180) and JSON, with every entry and its moment."""

import csv
import io
import json
from typing import Any
from zoneinfo import ZoneInfo

from moodtracker.board import Board

_FIELDS = ("day", "slot", "mood", "name", "recorded_at")


def as_csv(board: Board) -> str:
    """One line for each entry; moments in the board's zone, with their offset."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, _FIELDS)  # CRLF, as RFC 4180 has it
    table.writeheader()
    table.writerows(_rows(board))
    return text.getvalue()


def as_json(board: Board) -> str:
    """The year, its zone and its entries, with the fields of :func:`as_csv`."""
    return json.dumps({"year": board.year, "zone": board.zone, "entries": _rows(board)}, indent=1)


def _rows(board: Board) -> list[dict[str, Any]]:
    zone = ZoneInfo(board.zone)
    return [
        {
            "day": entry.day.isoformat(),
            "slot": entry.slot,
            "mood": int(entry.mood),
            "name": entry.mood.word,
            "recorded_at": entry.recorded_at.astimezone(zone).isoformat(timespec="seconds"),
        }
        for entry in board.entries
    ]
