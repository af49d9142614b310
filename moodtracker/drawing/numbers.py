"""Quiet numbers: of which moods each month and each weekday was made, as thin bars."""

from functools import lru_cache

from moodtracker import language
from moodtracker.board import Board
from moodtracker.drawing.values import Values
from moodtracker.language import gettext as _
from moodtracker.moods import Mood
from moodtracker.tally import Counts

_GREAT_FIRST = sorted(map(int, Mood), reverse=True)


def card(board: Board) -> str:
    """The card of both lists."""
    months = [language.month(number, "abbreviated") for number in range(1, 13)]
    weekdays = [language.weekday(number, "abbreviated") for number in range(7)]
    return (
        '<section id="numbers-card" class="card" aria-labelledby="numbers-heading">'
        f'<h2 id="numbers-heading">{_("In quiet numbers")}</h2><div class="mixes">'
        f"{_list(_('By month'), 'm', board.tally.months, months)}"
        f"{_list(_('By weekday'), 'w', board.tally.weekdays, weekdays)}"
        "</div></section>"
    )


def values(board: Board) -> Values:
    """What a tap can change in the card: the mixes of this month and of this weekday."""
    today = board.open_day
    month = board.tally.months[today.month - 1]
    weekday = board.tally.weekdays[today.weekday()]
    return {f"mix-m{today.month}": _bar(month), f"mix-w{today.weekday() + 1}": _bar(weekday)}


def _list(title: str, kind: str, mixes: tuple[Counts, ...], names: list[str]) -> str:
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


def _bar(mix: Counts) -> list[str]:
    """Where each mood's part ends, great first, as custom properties; and the counts in words."""
    total = sum(mix)
    if not total:
        return ["", _("no moods")]
    spoken = language.spoken()
    ends, end, said = [], 0, []
    for score in _GREAT_FIRST:
        count = mix[score - 1]
        end += count
        ends.append(f"--e{score}:{round(100 * end / total)}%")
        if count:
            said.append(_so_many(spoken, count, score))
    return [";".join(ends[:-1]), ", ".join(said)]


@lru_cache(maxsize=2048)
def _so_many(_language: str, count: int, score: int) -> str:
    return _("{count} {mood}").format(count=language.number(count), mood=Mood(score).word)
