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

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from moodtracker import export
from moodtracker.board import Board
from moodtracker.drawing import layout, png
from moodtracker.drawing.html import MONTHS, WEEKDAYS
from moodtracker.moods import Mood

_TEMPLATES = Path(__file__).resolve().parents[2] / "assets" / "mail"

# Control characters, halves of surrogate pairs, and line and paragraph separators.
_NOT_IN_A_NAME = {"Cc", "Cs", "Zl", "Zp"}


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
    name = _in_one_line(name)
    picture = png.draw(layout.landscape(board))
    part_names = _Names(message_id)
    words = {
        **_words(board, name, base_url, keep_days, rehearsal=rehearsal),
        "content_id": part_names.content_id,
    }
    subject = words["subject"] = _in_one_line(_render("year-end.subject", words))

    message = EmailMessage(policy.SMTP if address.isascii() else policy.SMTPUTF8)
    sender_name, sender_address = parseaddr(sender)
    message["From"] = _mailbox(_in_one_line(sender_name), sender_address)
    message["To"] = _mailbox(name, address)
    message["Subject"] = subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"

    message.set_content(_render("year-end.txt", words), cte="quoted-printable")
    message.make_alternative(part_names.boundary("alternative"))
    message.add_alternative(_render("year-end.html", words), subtype="html", cte="quoted-printable")
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


class _Names:
    """The names of a message's parts: unlikely to stand in its text, and the same on each try."""

    def __init__(self, message_id: str) -> None:
        self._seed = message_id

    def boundary(self, part: str) -> str:
        return f"=_{self._hash(part)}"

    @property
    def content_id(self) -> str:
        return f"{self._hash('picture')}@moodtracker"

    def _hash(self, part: str) -> str:
        return hashlib.sha256(f"{part} {self._seed}".encode()).hexdigest()[:32]


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    try:
        if local and domain and address.isascii():
            return Address(name, addr_spec=address)
        if local and domain:
            # What takes an addr_spec apart knows ASCII alone.
            return Address(name, local, domain)
    except (HeaderParseError, IndexError, ValueError):
        pass  # as below
    raise ValueError(f"not a mail address: {address!r}")


def _in_one_line(text: str) -> str:
    """``text`` without anything that could end a header or not be encoded."""
    kept = (
        " " if unicodedata.category(character) in _NOT_IN_A_NAME else character
        for character in text
    )
    return " ".join("".join(kept).split())


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(template: str, words: dict[str, Any]) -> str:
    return _environment().get_template(template).render(words)


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
