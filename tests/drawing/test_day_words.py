"""The words of a year's squares, in each language."""

import json

import pytest

from moodtracker import language
from moodtracker.drawing import day_words


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_there_are_words_for_each_day_each_minute_and_each_mood(spoken):
    words = json.loads(day_words.of(spoken, 2028))
    assert len(set(words["days"])) == 366
    assert len(set(words["times"])) == 24 * 60
    assert len(set(words["moods"][1:])) == 5
    assert all("{time}" in mood for mood in words["moods"][1:])
    assert all(place in words["day"] for place in ("{day}", "{moods}"))


def test_words_are_as_people_say_them():
    words = json.loads(day_words.of("en", 2026))
    assert words["days"][326] == "Monday 23 November"
    assert words["times"][9 * 60 + 12] == "09:12"
    assert words["moods"][4] == "🙂 good at {time}"
    assert words["none"] == "no mood"
