"""The words of a year's squares: the same for everybody who speaks a language.

A page brings the moods of each day and their minutes alone; its script puts them into these words,
which browsers keep. The sentences are Python's, one by one: nothing is left to the browser's own
idea of a language.
"""

import json
import string
from datetime import time
from functools import lru_cache

from moodtracker import language
from moodtracker.board import Board
from moodtracker.days import MINUTES_A_DAY
from moodtracker.language import gettext as _
from moodtracker.moods import Mood

# A page writes an hour or a minute as one of them.
DIGITS = (string.digits + string.ascii_letters)[:60]


@lru_cache(maxsize=16)
def of(spoken: str, year: int) -> str:
    """JSON: the days of a year by name, the minutes of a day, the moods, and how they go together.

    ``days`` are in order, ``times`` by minute, whose hour and minute are one of ``digits`` each,
    ``moods`` by score with '{time}' in them; ``day`` has '{day}' and '{moods}'; ``none`` is said of
    a day without a mood.
    """
    with language.speaking(spoken):
        words = {
            "days": [
                language.full_day(day)
                for _month, days in Board(year, "UTC", ()).months()
                for day in days
            ],
            "times": [language.time_of_day(time(*divmod(at, 60))) for at in range(MINUTES_A_DAY)],
            "digits": DIGITS,
            "moods": ["", *(mood_at(mood, "{time}") for mood in Mood)],
            "day": _("{day}: {moods}"),
            "none": _("no mood"),
        }
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))


def mood_at(mood: Mood, at: str) -> str:
    """'🙂 good at 09:12'."""
    return _("{emoji} {mood} at {time}").format(emoji=mood.emoji, mood=mood.word, time=at)
