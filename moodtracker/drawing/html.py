"""A board as HTML: the year as a table whose days the page's script puts into words.

Each square has its moods as classes, `a4 b2`. The local times of all of them stand together, in
order, as `data-hours` and `data-minutes`, a digit of :data:`~moodtracker.drawing.day_words.DIGITS`
for each; :mod:`~moodtracker.drawing.day_words` has the words too.
Nothing in here was typed by a person but through :func:`html.escape`.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from html import escape
from itertools import chain

from moodtracker import language
from moodtracker.board import Board, Entry
from moodtracker.days import wall_minutes, zone_of
from moodtracker.drawing import day_words
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
# The squares of locked days by a number for their moods, :func:`_kinds`, and of days to come.
_LOCKED = [
    f'<td role="gridcell" class="{kinds}"></td>' if kinds else '<td role="gridcell"></td>'
    for kinds in chain(_ONE, *_TWO)
]
_FUTURE, _TODAY = len(_LOCKED), len(_LOCKED) + 1
_SQUARES = [*_LOCKED, '<td role="gridcell" class="future"></td>']
# The two digits of each minute of the day.
_TIMES = [hour + minute for hour in day_words.DIGITS[:24] for minute in day_words.DIGITS]


def year_card(board: Board, locked: Sequence[Pick] = (), words: str = "") -> str:
    """The card with the whole year: heading, table, the day that is looked at, and legend.

    ``locked`` are moods that the board only counts, in order of day and slot; ``words`` is where
    the words of its days are.
    """
    legend = "".join(
        f'<li>{face(mood)} {mood.label} <b id="count-{mood}">{language.number(count)}</b></li>'
        for mood, count in reversed(board.counts.items())
    )
    return (
        '<section id="year-card" class="card" aria-labelledby="year-heading">'
        f'<h2 id="year-heading">{_("Your {year}").format(year=board.year)}</h2>'
        f'<span id="kept">{kept(board)}</span>{year_table(board, locked, words)}'
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
        f"day-{today.isoformat()}": [_todays_classes(board), _todays_title(board)],
    }
    return shown | {f"count-{mood}": language.number(count) for mood, count in board.counts.items()}


def year_table(board: Board, locked: Sequence[Pick] = (), words: str = "") -> str:
    """Twelve rows of days; the style sheet turns them into twelve columns on a phone."""
    spoken = language.spoken()
    rows = _rows(spoken, board.year)
    picks, kinds, squares = [*locked, *board.in_short], {}, _SQUARES
    if board.today and board.today.year == board.year:
        today = board.today.isoformat()
        picks = [pick for pick in picks if pick[0] != today]  # today has words of its own
        kinds = {day: _FUTURE for _head, days, _beyond in rows for day in days if day > today}
        kinds[today] = _TODAY
        squares = [*_SQUARES, _todays_square(board)]
    kind_of = (kinds | _kinds(picks)).get
    body = "".join(
        [
            f"{head}{''.join([squares[kind_of(day, 0)] for day in days])}{beyond}"
            for head, days, beyond in rows
        ]
    )
    return (
        f'{_table_head(spoken, board.year)} data-days="{words}" {_times(picks, board)}>'
        f"{body}</tbody></table>"
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


@lru_cache
def _table_head(_language: str, year: int) -> str:
    """Up to the last attribute of the body."""
    days = "".join(f'<th scope="col" role="columnheader">{day}</th>' for day in range(1, 32))
    label = _("{year}, day by day").format(year=year)
    return (
        f'<table class="year" role="grid" aria-readonly="true" aria-label="{label}"'
        f' data-year="{year}">'
        f'<thead role="rowgroup"><tr role="row"><td role="gridcell"></td>{days}</tr></thead>'
        '<tbody role="rowgroup"'
    )


@lru_cache
def _rows(_language: str, year: int) -> list[tuple[str, list[str], str]]:
    """Each month's row: how it begins, its days, and how it ends."""
    return [
        (
            '<tr role="row"><th scope="row" role="rowheader">'
            f"{language.month(month, 'abbreviated')}</th>",
            [day.isoformat() for day in days],
            '<td role="gridcell" class="none"></td>' * (31 - len(days)) + "</tr>",
        )
        for month, days in Board(year, "UTC", ()).months()
    ]


def _kinds(picks: Sequence[Pick]) -> dict[str, int]:
    """Which of :data:`_SQUARES` each day has; as there are hundreds of moods, without detours."""
    kinds: dict[str, int] = {}
    for day, mood, _at in picks:
        kinds[day] = kinds.get(day, 0) * 6 + mood
    return kinds


def _times(picks: Sequence[Pick], board: Board) -> str:
    """When they were made by the person's clock, as attributes."""
    minutes = wall_minutes([at for _day, _mood, at in picks], board.zone, board.year)
    digits = "".join([_TIMES[minute] for minute in minutes])
    return f'data-hours="{digits[::2]}" data-minutes="{digits[1::2]}"'  # packs better than by turns


def _todays_square(board: Board) -> str:
    return (
        f'<td role="gridcell" id="day-{board.open_day.isoformat()}" aria-current="date"'
        f' tabindex="0" class="{_todays_classes(board)}" title="{_in_ascii(_todays_title(board))}">'
        "</td>"
    )


def _todays_classes(board: Board) -> str:
    moods = [entry.mood for entry in board.on(board.open_day)]
    kinds = _TWO[moods[0]][moods[1]] if len(moods) == 2 else _ONE[moods[0]] if moods else ""
    return f"{kinds} today".lstrip()


def _todays_title(board: Board) -> str:
    """Today in words: 'Monday 23 November: 🙂 good at 09:12'."""
    day = board.open_day
    said = ", ".join(_said(board, entry) for entry in board.on(day)) or _nothing(board, day)
    return _("{day}: {moods}").format(day=language.full_day(day), moods=said)


def _nothing(board: Board, day: date) -> str:
    if board.today and day > board.today:
        return _("still to come")
    return _("no mood yet") if day == board.today else _("no mood")


def _said(board: Board, entry: Entry) -> str:
    local = entry.recorded_at.astimezone(zone_of(board.zone))
    return day_words.mood_at(entry.mood, language.time_of_day(local))


def _in_ascii(title: str) -> str:
    """``title`` with its emoji as character references.

    With one emoji in it, Python keeps the whole page in four bytes for each character.
    """
    for mood in Mood:
        title = title.replace(mood.emoji, f"&#{ord(mood.emoji)};")
    return title
