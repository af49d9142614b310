"""The year-end mail: a finished board as a message that stands on its own, with or without images.

multipart/mixed
    multipart/alternative
        text/plain
        multipart/related
            text/html
            image/png    shown in the HTML by its Content-ID
    image/png            moodtracker-2026.png
    text/csv             moodtracker-2026.csv
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from typing import Any, cast

from moodtracker import export
from moodtracker.board import Board
from moodtracker.drawing import layout, png
from moodtracker.drawing.html import MONTHS, WEEKDAYS
from moodtracker.mail.message import Names, begin, in_one_line, render
from moodtracker.moods import Mood


def compose(
    board: Board,
    *,
    name: str,
    address: str,
    sender: str,
    message_id: str,
    date: datetime,
    base_url: str,
    keep_days: int,
    rehearsal: bool = False,
) -> bytes:
    """The mail (RFC 5322, MIME), ready to be handed to a server: the same bytes each time.

    ``name`` is the person's, as they typed it; ``sender`` is "a@b" or "Name <a@b>";
    ``message_id`` has its angle brackets; ``date`` is aware; ``keep_days`` is how long the server
    keeps the year after this mail. A ``rehearsal`` says that it is one. Lines end in CRLF and
    bodies are in 7 bits; so are headers, unless the local part of ``address`` is not ASCII
    (RFC 6531). Raises ValueError where an address is none.
    """
    name = in_one_line(name)
    picture = png.draw(layout.landscape(board))
    part_names = Names(message_id)
    words = {
        **_words(board, name, base_url, keep_days, rehearsal=rehearsal),
        "content_id": part_names.content_id,
    }
    subject = words["subject"] = in_one_line(render("year-end.subject", words))

    message = begin(
        name=name,
        address=address,
        sender=sender,
        subject=subject,
        message_id=message_id,
        date=date,
    )
    message.set_content(render("year-end.txt", words), cte="quoted-printable")
    message.make_alternative(part_names.boundary("alternative"))
    message.add_alternative(render("year-end.html", words), subtype="html", cte="quoted-printable")
    html = cast(EmailMessage, list(message.iter_parts())[-1])
    html.make_related(part_names.boundary("related"))
    html.add_related(
        picture,
        maintype="image",
        subtype="png",
        cid=f"<{part_names.content_id}>",
        disposition="inline",
    )
    message.make_mixed(part_names.boundary("mixed"))
    file_name = f"moodtracker-{board.year}"
    message.add_attachment(picture, maintype="image", subtype="png", filename=f"{file_name}.png")
    message.add_attachment(
        export.as_csv(board, has_notes=False),
        subtype="csv",
        cte="7bit",
        charset="us-ascii",
        filename=f"{file_name}.csv",
    )
    return message.as_bytes()


def _words(
    board: Board, name: str, base_url: str, keep_days: int, *, rehearsal: bool
) -> dict[str, Any]:
    """What the templates say."""
    year = board.year
    heading = f"{name}, here is your {year}" if name else f"Here is your {year}"
    have = "has" if board.days_kept == 1 else "have"
    kept = f"{board.days_kept} of {board.days_so_far} days {have} a mood"
    counts = ", ".join(f"{mood.word} {count}" for mood, count in _brightest_first(board.counts))
    most = max(board.counts.values())
    return {
        "year": year,
        "rehearsal": rehearsal,
        "heading": f"{heading} so far" if rehearsal else heading,
        "tiles": list(_tiles(board)),
        "empty": not board.entries,
        "kept": kept,
        "alt": f"Your {year}, one square for each day: {kept}. {counts.capitalize()}.",
        "totals": [
            (mood, count, round(100 * count / most) if most else 0)
            for mood, count in _brightest_first(board.counts)
        ],
        "months": list(_months(board)),
        "base_url": base_url,
        "footer": _footer(year, keep_days, rehearsal=rehearsal),
    }


def _brightest_first(counts: dict[Mood, int]) -> list[tuple[Mood, int]]:
    return sorted(counts.items(), reverse=True)


def _tiles(board: Board) -> Iterator[tuple[str, str]]:
    """The year in a few figures, each a value and what it is; an empty year has but one."""
    yield str(board.days_kept), "day with a mood" if board.days_kept == 1 else "days with a mood"
    if board.most_often is not None:
        yield board.most_often.label, "most often"
    if board.brightest_month is not None:
        yield MONTHS[board.brightest_month - 1], "brightest month"
    if board.brightest_weekday is not None:
        yield WEEKDAYS[board.brightest_weekday], "brightest weekday"


def _months(board: Board) -> Iterator[tuple[str, list[tuple[Mood, int]]]]:
    """Each month that has begun, with its moods, the brightest first."""
    last = board.today.month if board.today else 12
    for month, days in board.months():
        if month <= last:
            moods = Counter(entry.mood for day in days for entry in board.on(day))
            yield MONTHS[month - 1][:3], _brightest_first(moods)


def _footer(year: int, keep_days: int, *, rehearsal: bool) -> str:
    keep = "this mail and the attached picture and table are yours to keep."
    if rehearsal:
        return f"{keep.capitalize()} You get the real one when your year is over."
    when = {0: "as soon as", 1: "1 day after"}.get(keep_days, f"{keep_days} days after")
    return (
        f"Your moods of {year} are removed from the server {when} this mail has arrived;"
        f" {keep} You get this once a year."
    )
