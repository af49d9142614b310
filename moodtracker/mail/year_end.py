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

from collections.abc import Iterator
from datetime import date as calendar_date
from datetime import datetime
from typing import Any

from moodtracker import export
from moodtracker.board import Board
from moodtracker.drawing import layout, painting
from moodtracker.language import gettext as _
from moodtracker.language import in_its_year, month, ngettext, weekday
from moodtracker.mail import mime, unsubscribe
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
    has_notes: bool = False,
    notes_until: calendar_date | None = None,
    unsubscribe_address: str = "",
    rehearsal: bool = False,
) -> bytes:
    """The mail (RFC 5322, MIME) in the language that is spoken, ready to be handed to a server.

    The same bytes each time. ``name`` is the person's, as they typed it; ``sender`` is "a@b" or
    "Name <a@b>"; ``message_id`` has its angle brackets; ``date`` is aware; ``keep_days`` is how
    long the server keeps the year after this mail. ``has_notes``: the table, which has every mood
    with its time, has the notes too. Where they are left out, the mail says how many they are and
    that they are only on the server, until ``notes_until`` at the least; None where their person
    has downloaded them. ``unsubscribe_address`` stops these mails (RFC 8058). A ``rehearsal`` says
    that it is one. Lines end in CRLF and bodies are in 7 bits; so are headers, unless the local
    part of ``address`` is not ASCII (RFC 6531). Raises ValueError where an address is none.
    """
    name = in_one_line(name)
    picture = painting.picture(layout.landscape(board))
    part_names = Names(message_id)
    left_out = 0 if has_notes or not (notes_until or rehearsal) else board.notes
    words = {
        **_words(
            board, name, base_url, keep_days, left_out, until=notes_until, rehearsal=rehearsal
        ),
        "picture": f"cid:{part_names.content_id}",
        "unsubscribe_address": unsubscribe_address,
    }
    headers = begin(
        name=name,
        address=address,
        sender=sender,
        subject=words["subject"],
        message_id=message_id,
        date=date,
    )
    encoded = mime.in_base64(picture)
    file_name = f"moodtracker-{board.year}"
    shown = mime.multipart(
        "related",
        part_names.boundary("related"),
        [
            mime.quoted_text("html", render("year-end.html", words)),
            mime.png(
                encoded, f"Content-ID: <{part_names.content_id}>", "Content-Disposition: inline"
            ),
        ],
    )
    told = mime.multipart(
        "alternative",
        part_names.boundary("alternative"),
        [mime.quoted_text("plain", render("year-end.txt", words)), shown],
    )
    content = mime.multipart(
        "mixed",
        part_names.boundary("mixed"),
        [
            told,
            mime.png(encoded, mime.attached(f"{file_name}.png")),
            _table(board, mime.attached(f"{file_name}.csv"), has_notes=has_notes),
        ],
    )
    return mime.message(headers, content, *unsubscribe.headers(unsubscribe_address))


def page(
    board: Board,
    *,
    name: str,
    base_url: str,
    keep_days: int,
    picture: str,
    has_notes: bool = False,
) -> str:
    """The mail's HTML alone, to be looked at in a browser; ``picture`` is where its picture is."""
    left_out = 0 if has_notes else board.notes
    words = _words(board, in_one_line(name), base_url, keep_days, left_out, rehearsal=True)
    return render("year-end.html", {**words, "picture": picture, "unsubscribe_address": ""})


def _table(board: Board, disposition: str, *, has_notes: bool) -> bytes:
    table = export.as_csv(board, has_notes=has_notes)
    make = mime.quoted_text if has_notes else mime.ascii_text
    return make("csv", table, disposition)


def _words(
    board: Board,
    name: str,
    base_url: str,
    keep_days: int,
    left_out: int,
    *,
    until: calendar_date | None = None,
    rehearsal: bool,
) -> dict[str, Any]:
    """What the templates say; ``left_out`` is how many notes are not in the mail."""
    year = board.year
    kept = _kept(board)
    counts = ", ".join(f"{mood.label} {count}" for mood, count in _brightest_first(board.counts))
    most = max(board.counts.values())
    subject = _("Rehearsal: your {year} so far") if rehearsal else _("Your {year} in moods")
    return {
        "year": year,
        "rehearsal": rehearsal,
        "subject": subject.format(year=year),
        "heading": _heading(name, year, rehearsal=rehearsal),
        "tiles": list(_tiles(board)),
        "empty": not board.entries,
        "kept": kept,
        "alt": _("Your {year}, one square for each day: {kept}. {counts}.").format(
            year=year, kept=kept, counts=counts
        ),
        "totals": [
            (mood, count, round(100 * count / most) if most else 0)
            for mood, count in _brightest_first(board.counts)
        ],
        "months": list(_months(board)),
        "base_url": base_url,
        "notes": _notes(left_out, until) if left_out else "",
        "download": f"{base_url.rstrip('/')}/#closed-year" if left_out and until else "",
        "footer": _footer(year, keep_days, left_out, rehearsal=rehearsal),
    }


def _heading(name: str, year: int, *, rehearsal: bool) -> str:
    if rehearsal:
        named, nameless = _("{name}, here is your {year} so far"), _("Here is your {year} so far")
    else:
        named, nameless = _("{name}, here is your {year}"), _("Here is your {year}")
    return (named if name else nameless).format(name=name, year=year)


def _kept(board: Board) -> str:
    return ngettext(
        "{count} of {days} days has a mood", "{count} of {days} days have a mood", board.days_kept
    ).format(count=board.days_kept, days=board.days_so_far)


def _brightest_first(counts: dict[Mood, int]) -> list[tuple[Mood, int]]:
    return sorted(counts.items(), reverse=True)


def _tiles(board: Board) -> Iterator[tuple[str, str]]:
    """The year in a few figures, each a value and what it is; an empty year has but one."""
    yield (
        str(board.days_kept),
        ngettext("day with a mood", "days with a mood", board.days_kept),
    )
    if board.most_often is not None:
        yield board.most_often.label, _("most often")
    if (brightest_month := board.brightest_month) is not None:
        yield month(brightest_month), _("brightest month")
    if (brightest_weekday := board.brightest_weekday) is not None:
        yield weekday(brightest_weekday), _("brightest weekday")


def _months(board: Board) -> Iterator[tuple[str, list[tuple[Mood, int]]]]:
    """Each month that has begun, with its moods, the brightest first."""
    last = board.today.month if board.today else 12
    for number, counts in enumerate(board.tally.months[:last], 1):
        picked = {mood: count for mood, count in zip(Mood, counts, strict=True) if count}
        yield month(number, "abbreviated"), _brightest_first(picked)


def _notes(left_out: int, until: calendar_date | None) -> str:
    """What is to be known of notes that are not in the mail."""
    if until is None:
        words = ngettext(
            "Your note is not in this email. Your settings can change that.",
            "Your {count} notes are not in this email. Your settings can change that.",
            left_out,
        )
        return words.format(count=left_out)
    words = ngettext(
        "Your note is not in this email: it is only on the server. Download everything by {day}. "
        "After that it may be deleted.",
        "Your {count} notes are not in this email: they are only on the server. Download "
        "everything by {day}. After that they may be deleted.",
        left_out,
    )
    return words.format(count=left_out, day=in_its_year(until))


def _footer(year: int, keep_days: int, left_out: int, *, rehearsal: bool) -> str:
    if rehearsal:
        return _(
            "This mail and the attached picture and table are yours to keep. You get the real one "
            "when your year is over."
        )
    if left_out:
        return _(
            "This email and the attached picture and table, with your moods and their times, are "
            "yours to keep. Your {year} stays on the server until you have downloaded it with its "
            "notes, or until your next year is over. You get this once a year."
        ).format(year=year)
    if keep_days == 0:
        removed = _(
            "Your moods of {year} are removed from the server as soon as this mail has arrived; "
            "this mail and the attached picture and table are yours to keep. You get this once a "
            "year."
        )
    else:
        removed = ngettext(
            "Your moods of {year} are removed from the server {days} day after this mail has "
            "arrived; this mail and the attached picture and table are yours to keep. You get "
            "this once a year.",
            "Your moods of {year} are removed from the server {days} days after this mail has "
            "arrived; this mail and the attached picture and table are yours to keep. You get "
            "this once a year.",
            keep_days,
        )
    return removed.format(year=year, days=keep_days)
