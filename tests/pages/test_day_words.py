"""Each day of the year is named in words, put together in the browser from what the server says."""

import httpx
import pytest

from moodtracker import language
from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.diary import Diary
from moodtracker.drawing import day_words
from moodtracker.language import gettext as _
from support import demo_server

ALL = "table.year tbody td:not(.none)"
ALL_TOLD = f"() => [...document.querySelectorAll('{ALL}')].every((cell) => cell.title)"
TITLES = f"() => [...document.querySelectorAll('{ALL}')].map((cell) => cell.title)"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with demo_server.serving(tmp_path_factory.mktemp("day_words")) as served:
        yield served


def board_of(server, cookie):
    database = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    who = sessions.find(database, cookie)
    board = Diary(database).read(who)
    database.close()
    return board


def expected(board, today):
    """What Python says of each day."""
    for _month, days in board.months():
        for day in days:
            moods = [
                day_words.mood_at(entry.mood, language.time_of_day(local))
                for entry in board.on(day)
                for local in [entry.recorded_at.astimezone(demo_server.ZONE)]
            ]
            if day > today:
                yield language.full_day(day)
            else:
                said = ", ".join(moods) or _("no mood")
                yield _("{day}: {moods}").format(day=language.full_day(day), moods=said)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_each_day_names_its_moods_in_words(demo, open_board, spoken):
    server, cookie = demo
    page = open_board(server, cookie, locale=spoken).page
    page.wait_for_function(ALL_TOLD)
    board = board_of(server, cookie)
    with language.speaking(spoken):
        assert page.evaluate(TITLES) == list(expected(board, server.now().date()))


def test_words_that_did_not_come_are_asked_for_again_once_the_page_is_connected(demo, open_browser):
    server, cookie = demo
    page = open_browser(server, cookie, watched=False).new_page()
    asked = []

    def refuse_once(route):
        asked.append(route)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/words/**", refuse_once)
    page.goto(server.url)
    page.wait_for_function(ALL_TOLD)
    assert len(asked) == 2


def test_the_words_are_kept_by_the_browser_and_are_of_our_languages_alone(demo):
    server, cookie = demo
    with httpx.Client(base_url=server.url, cookies={"moodtracker": cookie}) as client:
        answer = client.get("/words/de/2026.json")
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.json()["days"][0] == "Donnerstag, 1. Januar"
        for path in ("/words/xx/2026.json", "/words/de/99999.json", "/words/de/x.json"):
            assert client.get(path).status_code in (400, 404)
