"""A reminder's links: each opens the board with a mood that one tap confirms; nothing by itself."""

import re

import httpx
import pytest
from sqlalchemy import select

from moodtracker.database import Database
from moodtracker.mail.unsubscribe import REMINDER, Unsubscribing
from moodtracker.models import EntryRow, entries, users
from moodtracker.secret import Secret
from support.board_page import BoardPage
from support.server import PASSWORD, WAIT_SECONDS

SECRET = "a secret that is known to the tests alone"


@pytest.fixture
def home(make_server):
    server = make_server(SECRET_KEY=SECRET)
    server.set_clock(2026, 11, 24, 19)
    return server.start()


def get(server, path, cookie):
    cookies = {"moodtracker": cookie} if cookie else {}
    return httpx.get(server.url + path, cookies=cookies, timeout=WAIT_SECONDS)


def moods(server):
    database = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    with database.read() as session:
        found = session.scalars(select(entries.mood).select_from(EntryRow)).all()
    database.close()
    return list(found)


def test_a_face_of_the_mail_is_confirmed_by_one_tap(home, open_browser):
    cookie = home.register("ada")
    link = "/?mood=4&day=2026-11-24"
    for _ in range(2):  # a scanner that follows links
        assert 'id="offer"' in get(home, link, cookie).text
    assert moods(home) == []

    page = open_browser(home).new_page()
    page.goto(home.url + link)
    page.fill("[name=login]", "ada")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("#offer")
    assert page.inner_text("#offer button") == "Save Good for today"
    assert page.evaluate("document.activeElement.parentElement.id") == "offer"
    page.click("#offer button")
    BoardPage(page).await_moods("Good")
    assert not page.query_selector("#offer")
    assert page.url == f"{home.url}/"
    assert moods(home) == [4]


def test_a_link_that_is_old_or_made_up_offers_nothing(home):
    cookie = home.register("ada")
    old = get(home, "/?mood=4&day=2026-11-23", cookie).text
    assert 'id="offer"' not in old
    assert "That day is over, so nothing was changed." in old
    for query in ("mood=4", "mood=6&day=2026-11-24", "mood=x&day=2026-11-24", "mood=4&day=today"):
        answer = get(home, f"/?{query}", cookie)
        assert answer.status_code == 200
        assert 'id="offer"' not in answer.text
    assert moods(home) == []


def test_one_click_stops_the_reminders_and_opening_the_link_does_not(home):
    home.register("ada")
    address = Unsubscribing(Secret(SECRET), home.url).address(1, REMINDER)
    database = Database(f"sqlite:///{home.folder / 'data' / 'moodtracker.db'}")

    def wants():
        with database.read() as session:
            return session.execute(select(users.reminder, users.year_end_mail)).one()

    with database.write() as session:
        session.execute(users.reminder.table.update().values(reminder=True))
    assert "Stop the reminders?" in httpx.get(address, timeout=WAIT_SECONDS).text
    assert wants() == (True, True)
    form = {"List-Unsubscribe": "One-Click"}
    answer = httpx.post(address, data=form, timeout=WAIT_SECONDS)
    assert "No more reminders" in answer.text
    assert wants() == (False, True)
    made_up = re.sub("of=1", "of=2", address)
    assert httpx.post(made_up, data=form, timeout=WAIT_SECONDS).status_code == 404
    database.close()
