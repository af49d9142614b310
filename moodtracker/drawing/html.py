"""A board as HTML: the year as a table in which each day says its moods in words.

Nothing in here was typed by a person but through :func:`html.escape`.
"""

from datetime import date, time
from functools import lru_cache
from html import escape
from zoneinfo import ZoneInfo

from moodtracker import language
from moodtracker.board import Board, Entry
from moodtracker.drawing.faces import face
from moodtracker.drawing.kept import kept
from moodtracker.drawing.today import words
from moodtracker.drawing.values import Values
from moodtracker.language import gettext as _
from moodtracker.moods import Mood

# The classes of a square by the moods of its day.
_KINDS: dict[tuple[Mood, ...], str] = (
    {(): ""}
    | {(first,): f"a{first}" for first in Mood}
    | {(first, second): f"a{first} b{second}" for first in Mood for second in Mood}
)


def year_card(board: Board) -> str:
    """The card with the whole year: heading, table, the day that is looked at, and legend."""
    legend = "".join(
        f'<li>{face(mood)} {mood.label} <b id="count-{mood}">{language.number(count)}</b></li>'
        for mood, count in reversed(board.counts.items())
    )
    return (
        '<section id="year-card" class="card" aria-labelledby="year-heading">'
        f'<h2 id="year-heading">{_("Your {year}").format(year=board.year)}</h2>'
        f'<span id="kept">{kept(board)}</span>{year_table(board)}'
        f'<ul class="legend" aria-label="{_("How often")}">{legend}</ul>'
        '<section id="look" aria-labelledby="look-day" hidden><h3 id="look-day"></h3>'
        f'<button type="button" id="look-before" aria-label="{_("The day before")}">‹</button>'
        f'<button type="button" id="look-after" aria-label="{_("The day after")}">›</button>'
        f'<button type="button" id="look-away" aria-label="{_("Close")}">×</button>'
        '<div id="look-at" aria-live="polite"></div></section>'
        "</section>"
    )


def values(board: Board) -> Values:
    """What a tap can change in :func:`year_card`."""
    today = board.open_day
    shown: Values = {
        "kept": kept(board),
        f"day-{today.isoformat()}": [_kinds(board, today), _title(board, today)],
    }
    return shown | {f"count-{mood}": language.number(count) for mood, count in board.counts.items()}


def year_table(board: Board) -> str:
    """Twelve rows of days; the style sheet turns them into twelve columns on a phone."""
    head = "".join(f'<th scope="col" role="columnheader">{day}</th>' for day in range(1, 32))
    rows = "".join(_month(board, month, month_days) for month, month_days in board.months())
    label = _("{year}, day by day").format(year=board.year)
    return (
        f'<table class="year" role="grid" aria-readonly="true" aria-label="{label}"'
        f' data-year="{board.year}">'
        f'<thead role="rowgroup"><tr role="row"><td role="gridcell"></td>{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def day_looked_at(board: Board, day: date) -> str:
    """What there is to say of one day: its moods with their notes, or that there are none."""
    present = board.on(day)
    if not present:
        return f"<p>{_nothing(board, day)}</p>"
    moods = "".join(
        f"<li>{face(entry.mood)} {words(board, entry)}"
        f'<p class="note" dir="auto">{escape(entry.note)}</p></li>'
        for entry in present
    )
    return f"<ul>{moods}</ul>"


def _month(board: Board, month: int, month_days: list[date]) -> str:
    spoken, zone = language.spoken(), ZoneInfo(board.zone)
    latest = board.today or date.max
    squares = "".join(
        [
            _square(board, day)
            if day == latest
            else _past_square(spoken, zone, day, present)
            if (present := board.by_day.get(day))
            else _empty_square(spoken, day, is_past=day < latest)
            for day in month_days
        ]
    )
    beyond = '<td role="gridcell" class="none"></td>' * (31 - len(month_days))
    return (
        f'<tr role="row"><th scope="row" role="rowheader">'
        f"{language.month(month, 'abbreviated')}</th>{squares}{beyond}</tr>"
    )


def _past_square(spoken: str, zone: ZoneInfo, day: date, present: tuple[Entry, ...]) -> str:
    """What :func:`_square` makes of a past day with moods: by far the most, so made shorter."""
    said = []
    for entry in present:
        local = entry.recorded_at.astimezone(zone)
        said.append(_mood_at(spoken, entry.mood, local.hour, local.minute))
    kinds, (before, after) = _KINDS[tuple([entry.mood for entry in present])], _around(spoken, day)
    return f'<td role="gridcell" class="{kinds}" title="{before}{", ".join(said)}{after}"></td>'


@lru_cache(maxsize=8192)
def _empty_square(_language: str, day: date, *, is_past: bool) -> str:
    """What :func:`_square` makes of another day than today that has no moods."""
    if not is_past:
        return f'<td role="gridcell" class="future" title="{language.full_day(day)}"></td>'
    before, after = _around(_language, day)
    return f'<td role="gridcell" title="{before}{_("no mood")}{after}"></td>'


@lru_cache(maxsize=4096)
def _around(_language: str, day: date) -> tuple[str, str]:
    """What stands before and after the moods in a day's title."""
    before, after = _("{day}: {moods}").format(day=language.full_day(day), moods="\0").split("\0")
    return before, after


def _square(board: Board, day: date) -> str:
    kinds = _kinds(board, day)
    classes = f' class="{kinds}"' if kinds else ""
    identity = ""
    if day == board.today:
        identity = f' id="day-{day.isoformat()}" aria-current="date" tabindex="0"'
    return f'<td role="gridcell"{identity}{classes} title="{_title(board, day)}"></td>'


def _kinds(board: Board, day: date) -> str:
    """The square's classes: its moods' colours, and where it stands in time."""
    kinds = _KINDS[tuple([entry.mood for entry in board.on(day)])]
    if board.today and day >= board.today:
        return f"{kinds} {'today' if day == board.today else 'future'}".lstrip()
    return kinds


def _title(board: Board, day: date) -> str:
    """A day in words: 'Monday 23 November: 🙂 good at 09:12'."""
    present = board.on(day)
    if board.today and day > board.today:
        return language.full_day(day)
    said = ", ".join(_said(board, entry) for entry in present) or _nothing(board, day)
    return _("{day}: {moods}").format(day=language.full_day(day), moods=said)


def _nothing(board: Board, day: date) -> str:
    if board.today and day > board.today:
        return _("still to come")
    return _("no mood yet") if day == board.today else _("no mood")


def _said(board: Board, entry: Entry) -> str:
    local = entry.recorded_at.astimezone(ZoneInfo(board.zone))
    return _mood_at(language.spoken(), entry.mood, local.hour, local.minute)


# A year has some hundred of these, and each is said again and again.
@lru_cache(maxsize=16384)
def _mood_at(_language: str, mood: Mood, hour: int, minute: int) -> str:
    return _("{emoji} {mood} at {time}").format(
        emoji=mood.emoji, mood=mood.word, time=language.time_of_day(time(hour, minute))
    )
