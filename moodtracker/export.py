"""A board as CSV and as JSON, for people and programs other than this one."""

import csv
import io
import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from moodtracker.board import Board

FIELDS = ("day", "slot", "mood", "name", "recorded_at")


def as_csv(board: Board) -> str:
    """The entries as CSV with a header line, lines ending in CRLF (RFC 4180).

    ``mood`` is 1 (awful) to 5 (great), ``recorded_at`` is ISO 8601 in the board's zone with its
    offset from UTC, to the second.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_records(board))
    return text.getvalue()


def as_json(board: Board) -> str:
    """The board as a JSON object: year, zone, and entries with the same fields as the CSV."""
    return json.dumps(
        {"year": board.year, "zone": board.zone, "entries": list(_records(board))}, indent=1
    )


def _records(board: Board) -> Iterator[dict[str, str | int]]:
    zone = ZoneInfo(board.zone)
    for entry in board.entries:
        recorded_at = entry.recorded_at.astimezone(zone)
        values = (
            entry.day.isoformat(),
            entry.slot,
            int(entry.mood),
            entry.mood.word,
            recorded_at.isoformat(timespec="seconds"),
        )
        yield dict(zip(FIELDS, values, strict=True))
