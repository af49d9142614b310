"""A board as CSV and as JSON, for people and programs other than this one.

The CSV is for a spreadsheet, the JSON for a program: what ``docs/files.md`` says of them stays so.
"""

import csv
import io
import json
from collections.abc import Iterator

from moodtracker.board import Board
from moodtracker.days import zone_of

FIELDS = ("day", "slot", "mood", "name", "recorded_at", "note")

# Without it, Excel takes UTF-8 for the letters of another alphabet.
_BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(board: Board, *, has_notes: bool = True) -> str:
    """The entries as CSV with a header line, lines ending in CRLF (RFC 4180), to be sent as UTF-8.

    ``mood`` is 1 (awful) to 5 (great), ``recorded_at`` is ISO 8601 in the board's zone with its
    offset from UTC, to the second. A note that a spreadsheet would run as a formula has an
    apostrophe before it; without ``has_notes`` there is no such column. With letters beyond ASCII
    the text begins with a byte order mark.
    """
    text = io.StringIO(newline="")
    fields = FIELDS if has_notes else FIELDS[:-1]
    writer = csv.DictWriter(text, fields, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for record in _records(board):
        writer.writerow(record | {"note": _inert(str(record["note"]))})
    table = text.getvalue()
    return table if table.isascii() else _BYTE_ORDER_MARK + table


def as_json(board: Board) -> str:
    """The board as a JSON object: year, zone, and entries with the same fields as the CSV.

    Notes are exactly as they were typed.
    """
    return json.dumps(
        {"year": board.year, "zone": board.zone, "entries": list(_records(board))},
        ensure_ascii=False,
        indent=1,
    )


def _records(board: Board) -> Iterator[dict[str, str | int]]:
    zone = zone_of(board.zone)
    for entry in board.entries:
        recorded_at = entry.recorded_at.astimezone(zone)
        values = (
            entry.day.isoformat(),
            entry.slot,
            int(entry.mood),
            entry.mood.name.lower(),
            recorded_at.isoformat(timespec="seconds"),
            entry.note,
        )
        yield dict(zip(FIELDS, values, strict=True))


def _inert(text: str) -> str:
    """``text`` as a cell that is never run, whichever white space comes before a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) or text.lstrip().startswith(_FORMULAS) else text
