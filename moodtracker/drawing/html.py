"""A board as HTML: the year as a table, and today as the part of it that can change.

What changes while a page is open comes in *fragments*: elements by their id, so that a page
that is open is sent only those that differ from what it shows. Nothing in here was typed by a
person but through :func:`html.escape`.
"""

from collections.abc import Iterator
from datetime import date
from html import escape

from moodtracker import days
from moodtracker.board import Board, Entry
from moodtracker.drawing.faces import face
from moodtracker.moods import Mood

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Fragments = dict[str, str]


def today_card(board: Board, person_id: int) -> str:
    """The card with today's question, the five moods and the moods that are in."""
    today = board.open_day
    parts = today_fragments(board)
    picker = "".join(parts[f"mood-{mood}"] for mood in Mood)
    return (
        f'<section id="today-card" class="card" aria-labelledby="question"'
        f' data-day="{today.isoformat()}" data-person="{person_id}">'
        f'<h1 id="question">How is {WEEKDAYS[today.weekday()]} going?</h1>'
        f"{parts['hint']}"
        f'<div class="picker" role="group" aria-label="Pick a mood">{picker}</div>'
        f'{parts["slots"]}<p id="message" role="status" aria-live="polite"></p></section>'
    )


def year_card(board: Board) -> str:
    """The card with the whole year: heading, table and legend."""
    parts = year_fragments(board)
    legend = "".join(
        f"<li>{face(mood)} {mood.label} {parts[f'count-{mood}']}</li>" for mood in reversed(Mood)
    )
    return (
        '<section id="year-card" class="card" aria-labelledby="year-heading">'
        f'<h2 id="year-heading">Your {board.year}</h2>{parts["kept"]}'
        f'{year_table(board)}<ul class="legend" aria-label="How often">{legend}</ul></section>'
    )


def today_fragments(board: Board) -> Fragments:
    """What a tap can change in :func:`today_card`, by id."""
    today = board.open_day
    present = board.on(today)
    picked = {entry.mood for entry in present}
    fragments = {
        "hint": f'<p id="hint">{today.day} {MONTHS[today.month - 1]} · {_hint(len(present))}</p>',
        "slots": _slots(board, present),
    }
    for mood in Mood:
        fragments[f"mood-{mood}"] = (
            f'<button type="button" id="mood-{mood}" class="mood" data-mood="{mood}"'
            f' aria-pressed="{str(mood in picked).lower()}" aria-keyshortcuts="{mood}">'
            f'<span class="key" aria-hidden="true">{mood}</span>{face(mood)}'
            f"<span>{mood.label}</span></button>"
        )
    return fragments


def year_fragments(board: Board) -> Fragments:
    """What a tap can change in :func:`year_card`, by id."""
    fragments = {
        "kept": f'<span id="kept">{board.days_kept} of {board.days_so_far} days</span>',
    }
    if board.today:
        fragments[f"day-{board.today.isoformat()}"] = _square(board, board.today)
    for mood, count in board.counts.items():
        fragments[f"count-{mood}"] = f'<b id="count-{mood}">{count}</b>'
    return fragments


def year_table(board: Board) -> str:
    """Twelve rows of days; the style sheet turns them into twelve columns on a phone."""
    head = "".join(f'<th scope="col" role="columnheader">{day}</th>' for day in range(1, 32))
    rows = "".join(_month(board, month, month_days) for month, month_days in board.months())
    return (
        f'<table class="year" role="table" aria-label="{board.year}, day by day">'
        f'<thead role="rowgroup"><tr role="row"><td role="cell"></td>{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _month(board: Board, month: int, month_days: list[date]) -> str:
    squares = "".join(_square(board, day) for day in month_days)
    beyond = '<td role="cell" class="none"></td>' * (31 - len(month_days))
    return (
        f'<tr role="row"><th scope="row" role="rowheader">{MONTHS[month - 1][:3]}</th>'
        f"{squares}{beyond}</tr>"
    )


def _square(board: Board, day: date) -> str:
    present = board.on(day)
    kinds = [f"{kind}{entry.mood}" for kind, entry in zip("ab", present, strict=False)]
    if board.today and day > board.today:
        kinds.append("future")
    identity = ""
    if day == board.today:
        kinds.append("today")
        identity = f' id="day-{day.isoformat()}" aria-current="date"'
    classes = f' class="{" ".join(kinds)}"' if kinds else ""
    return f'<td role="cell"{identity}{classes} title="{_title(board, day, present)}"></td>'


def _title(board: Board, day: date, present: tuple[Entry, ...]) -> str:
    """A day in words: 'Monday 23 November: 🙂 good at 09:12'."""
    name = f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"
    if present:
        return f"{name}: " + ", ".join(
            f"{entry.mood.emoji} {entry.mood.word} at {_time(board, entry)}" for entry in present
        )
    if board.today and day > board.today:
        return name
    return f"{name}: no mood{' yet' if day == board.today else ''}"


def _slots(board: Board, present: tuple[Entry, ...]) -> str:
    chips = "".join(_chip(board, entry) for entry in present)
    if len(present) == 1:
        chips += '<button type="button" id="free-slot" class="chip free">+ second mood</button>'
    return f'<div id="slots" role="group" aria-label="Today\'s moods">{chips}</div>'


def _chip(board: Board, entry: Entry) -> str:
    words = f"{entry.mood.label} at {_time(board, entry)}"
    tap = escape(entry.tap)
    return (
        f'<span class="chip"><button type="button" id="slot-{entry.slot}" data-change="{tap}"'
        f' aria-pressed="false" aria-label="Change {words}">{face(entry.mood)} {words}</button>'
        f'<button type="button" id="back-{entry.slot}" class="back" data-take-back="{tap}"'
        f' aria-label="Take back {words}" title="Take back">×</button></span>'
    )


def _hint(used: int) -> str:
    return (
        "pick one mood, or two over the day",
        "you can add one more mood today",
        "both moods of today are in",
    )[used]


def _time(board: Board, entry: Entry) -> str:
    return days.clock_time(entry.recorded_at, board.zone)


def changes(old: Fragments, new: Fragments) -> Iterator[tuple[str, str]]:
    """The fragments of ``new`` that differ from ``old``."""
    return ((name, markup) for name, markup in new.items() if old.get(name) != markup)
