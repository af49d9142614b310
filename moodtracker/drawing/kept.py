"""How many of a board's days have a mood, in words."""

from moodtracker import language
from moodtracker.board import Board
from moodtracker.language import ngettext


def kept(board: Board) -> str:
    """'287 of 327 days'."""
    days = board.days_so_far
    return ngettext("{kept} of {days} day", "{kept} of {days} days", days).format(
        kept=language.number(board.days_kept), days=language.number(days)
    )
