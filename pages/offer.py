"""What a reminder's link brings to the board: a mood that one more tap saves."""

from datetime import date

from starlette.requests import Request

from moodtracker.board import Board
from moodtracker.diary import DayFull, DayLocked
from moodtracker.moods import Mood
from pages import words


def offered(request: Request, board: Board) -> tuple[Mood | None, str]:
    """The mood to be confirmed, if there is one, and what to say instead where its day is over."""
    try:
        mood = Mood(int(request.query_params["mood"]))
        day = date.fromisoformat(request.query_params["day"])
    except (KeyError, ValueError):
        return None, ""
    if day != board.today:
        return None, words.for_person(DayLocked())
    if len(board.on(day)) == 2:
        return None, words.for_person(DayFull())
    return mood, ""
