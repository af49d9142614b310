"""A board as HTML: the year as a table in which each day says its moods in words.

Nothing in here was typed by a person but through :func:`html.escape`.
"""

from collections.abc import Sequence
from datetime import date, time
from functools import lru_cache
from html import escape
from zoneinfo import ZoneInfo

from moodtracker import language
from moodtracker.board import Board, Entry
from moodtracker.days import wall_minutes
from moodtracker.drawing.faces import face
from moodtracker.drawing.kept import kept
from moodtracker.drawing.today import words
from moodtracker.drawing.values import Values
from moodtracker.language import gettext as _
from moodtracker.moods import Mood
from moodtracker.tally import Pick

# The classes of a square by the moods of its day: its one, or its first and its second.
_ONE = ["", *(f"a{mood:d}" for mood in Mood)]
_TWO = [[], *([f"{one} b{mood}" for mood in range(6)] for one in _ONE[1:])]


def year_card(board: Board, locked: Sequence[Pick] = ()) -> str:
    """The card with the whole year: heading, table, the day that is looked at, and legend.

    ``locked`` are moods that the board only counts, in order of day and slot.
    """
    legend = "".join(
        f'<li>{face(mood)} {mood.label} <b id="count-{mood}">{language.number(count)}</b></li>'
        for mood, count in reversed(board.counts.items())
    )
    return (
        '<section id="year-card" class="card" aria-labelledby="year-heading">'
        f'<h2 id="year-heading">{_("Your {year}").format(year=board.year)}</h2>'
        f'<span id="kept">{kept(board)}</span>{year_table(board, locked)}'
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


def year_table(board: Board, locked: Sequence[Pick] = ()) -> str:
    """Twelve rows of days; the style sheet turns them into twelve columns on a phone."""
    spoken = language.spoken()
    squares = _squares_with_moods([*locked, *board.in_short], board)
    latest = "9999"
    if board.today and board.today.year == board.year:
        latest = board.today.isoformat()
        squares[latest] = _todays_square(board, board.today)
    rows = "".join(
        [
            head
            + "".join(
                [
                    squares.get(day) or (past if day < latest else future)
                    for day, past, future in month_days
                ]
            )
            + beyond
            for head, month_days, beyond in _empty_squares(spoken, board.year)
        ]
    )
    return f"{_table_head(spoken, board.year)}{rows}</tbody></table>"


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


@lru_cache
def _table_head(_language: str, year: int) -> str:
    days = "".join(f'<th scope="col" role="columnheader">{day}</th>' for day in range(1, 32))
    label = _("{year}, day by day").format(year=year)
    return (
        f'<table class="year" role="grid" aria-readonly="true" aria-label="{label}"'
        f' data-year="{year}">'
        f'<thead role="rowgroup"><tr role="row"><td role="gridcell"></td>{days}</tr></thead>'
        '<tbody role="rowgroup">'
    )


_Row = tuple[str, list[tuple[str, str, str]], str]


@lru_cache
def _empty_squares(_language: str, year: int) -> list[_Row]:
    """Each month's row: how it begins, each day's square with no mood, past or to come, its end."""
    rows: list[_Row] = []
    for month, month_days in Board(year, "UTC", ()).months():
        head = (
            '<tr role="row"><th scope="row" role="rowheader">'
            f"{language.month(month, 'abbreviated')}</th>"
        )
        squares = []
        for day in month_days:
            before, after = _around(day)
            past = f'<td role="gridcell" title="{before}{_("no mood")}{after}"></td>'
            future = f'<td role="gridcell" class="future" title="{language.full_day(day)}"></td>'
            squares.append((day.isoformat(), past, future))
        beyond = '<td role="gridcell" class="none"></td>' * (31 - len(month_days)) + "</tr>"
        rows.append((head, squares, beyond))
    return rows


def _squares_with_moods(picks: list[Pick], board: Board) -> dict[str, str]:
    """The square of each day that has a mood; a page has some hundred, so it takes no detours."""
    spoken = language.spoken()
    said, around = _said_at_minute(spoken), _openings(spoken, board.year)
    minutes = wall_minutes([at for _, _, at in picks], board.zone, board.year)
    squares: dict[str, str] = {}
    first, words = 0, ""
    for (day, mood, _at), minute in zip(picks, minutes, strict=True):
        told = said[mood][minute] or _say_at_minute(spoken, mood, minute)
        before, after = around[day]
        if day not in squares:
            first, words, kinds = mood, told, _ONE[mood]
        else:
            words, kinds = f"{words}, {told}", _TWO[first][mood]
        squares[day] = f'<td role="gridcell" class="{kinds}{before}{words}{after}'
    return squares


@lru_cache
def _openings(_language: str, year: int) -> dict[str, tuple[str, str]]:
    """What stands in a past day's square between its classes and its moods, and after these."""
    openings = {}
    for _month, month_days in Board(year, "UTC", ()).months():
        for day in month_days:
            before, after = _around(day)
            openings[day.isoformat()] = f'" title="{before}', f'{after}"></td>'
    return openings


@lru_cache
def _said_at_minute(_language: str) -> list[list[str]]:
    """By mood, what is said of it at each minute of a day, once it was said."""
    return [[], *([""] * (24 * 60) for _ in Mood)]


def _say_at_minute(spoken: str, mood: int, minute: int) -> str:
    said = _narrow(_mood_at(spoken, Mood(mood), *divmod(minute, 60)))
    _said_at_minute(spoken)[mood][minute] = said
    return said


def _narrow(title: str) -> str:
    """``title`` with its emoji as character references.

    With one emoji in it, Python keeps the whole page in four bytes for each character.
    """
    for mood in Mood:
        title = title.replace(mood.emoji, f"&#{ord(mood.emoji)};")
    return title


def _around(day: date) -> tuple[str, str]:
    """What stands before and after the moods in a day's title."""
    before, after = _("{day}: {moods}").format(day=language.full_day(day), moods="\0").split("\0")
    return before, after


def _todays_square(board: Board, today: date) -> str:
    kinds, title = _kinds(board, today), _narrow(_title(board, today))
    return (
        f'<td role="gridcell" id="day-{today.isoformat()}" aria-current="date" tabindex="0"'
        f' class="{kinds}" title="{title}"></td>'
    )


def _kinds(board: Board, day: date) -> str:
    """The square's classes: its moods' colours, and where it stands in time."""
    moods = [entry.mood for entry in board.on(day)]
    kinds = _TWO[moods[0]][moods[1]] if len(moods) == 2 else _ONE[moods[0]] if moods else ""
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
