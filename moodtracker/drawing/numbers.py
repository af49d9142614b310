"""Quiet numbers: of which moods each month and each weekday was made, as thin bars."""

from collections import Counter
from datetime import date

from moodtracker import language
from moodtracker.board import Board
from moodtracker.drawing.values import Values
from moodtracker.language import gettext as _
from moodtracker.moods import Mood

Mix = Counter[Mood]


def card(board: Board) -> str:
    """The card of both lists."""
    return (
        '<section id="numbers-card" class="card" aria-labelledby="numbers-heading">'
        f'<h2 id="numbers-heading">{_("In quiet numbers")}</h2><div class="mixes">'
        f"{_list(_('By month'), 'm', _months(board), _month_names())}"
        f"{_list(_('By weekday'), 'w', _weekdays(board), _weekday_names())}</div></section>"
    )


def values(board: Board) -> Values:
    """What a tap can change in the card: the mixes of this month and of this weekday."""
    today = board.open_day
    month, weekday = _months(board)[today.month - 1], _weekdays(board)[today.weekday()]
    return {f"mix-m{today.month}": _bar(month), f"mix-w{today.weekday() + 1}": _bar(weekday)}


def _list(title: str, kind: str, mixes: list[Mix], names: list[str]) -> str:
    lines = "".join(
        f'<li><span>{name}</span><i id="mix-{kind}{number}" role="img" style="{style}"'
        f' aria-label="{said}"></i></li>'
        for number, (name, (style, said)) in enumerate(
            zip(names, map(_bar, mixes), strict=True), start=1
        )
    )
    return (
        f'<div><h3 id="mix-{kind}">{title}</h3><ul aria-labelledby="mix-{kind}">{lines}</ul></div>'
    )


def _bar(mix: Mix) -> list[str]:
    """Where each mood's part ends, great first, as custom properties; and the counts in words."""
    total = mix.total()
    if not total:
        return ["", _("no moods")]
    ends, end = [], 0
    for mood in reversed(Mood):
        end += mix[mood]
        ends.append(f"--e{mood}:{round(100 * end / total)}%")
    said = ", ".join(
        _("{count} {mood}").format(count=language.number(mix[mood]), mood=mood.word)
        for mood in reversed(Mood)
        if mix[mood]
    )
    return [";".join(ends[:-1]), said]


def _months(board: Board) -> list[Mix]:
    return _mixes(board, {day: day.month - 1 for day in board.by_day}, 12)


def _weekdays(board: Board) -> list[Mix]:
    return _mixes(board, {day: day.weekday() for day in board.by_day}, 7)


def _mixes(board: Board, group: dict[date, int], number: int) -> list[Mix]:
    counted = Counter([(group[entry.day], entry.mood) for entry in board.entries])
    return [Counter({mood: counted[index, mood] for mood in Mood}) for index in range(number)]


def _month_names() -> list[str]:
    return [language.month(number, "abbreviated") for number in range(1, 13)]


def _weekday_names() -> list[str]:
    return [language.weekday(number, "abbreviated") for number in range(7)]
