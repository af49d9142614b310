import signal
import time

import httpx
import pytest
from sqlalchemy import text

from moodtracker.accounts import registration, sessions
from moodtracker.accounts.registration import Registration
from moodtracker.database import Database
from support.balanced import Balanced
from support.board_page import DESKTOP, BoardPage
from support.server import PASSWORD, WAIT_SECONDS
from support.zone_data import zone_of_noon

AFFINITY = "moodtracker-instance"


@pytest.fixture(scope="module")
def database(postgresql_url):
    opened = Database(postgresql_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def balanced(postgresql_url, tmp_path_factory):
    running = Balanced(tmp_path_factory.mktemp("balanced"), postgresql_url)
    yield running.start()
    running.stop()


@pytest.fixture
def open_page(balanced, database, browser):
    """Opens somebody's board through the balancer, in a browser of its own."""
    contexts = []

    def open_one(cookie):
        context = browser.new_context(viewport=DESKTOP, timezone_id="UTC")
        context.set_default_timeout(WAIT_SECONDS * 1000)
        context.add_cookies([{"name": "moodtracker", "value": cookie, "url": balanced.url}])
        contexts.append(context)
        page = context.new_page()
        page.goto(balanced.url)
        board = BoardPage(page)
        board.await_connection()
        return board

    yield open_one
    for context in contexts:
        context.close()


def sign_in(database, username):
    form = {
        "username": username,
        "email": f"{username}@example.org",
        "first_name": username.capitalize(),
        "password": PASSWORD,
        "zone": zone_of_noon(),
    }
    person = registration.register(database, "open", Registration.check(form))
    return sessions.open_session(database, person.id)


def instance_of(board):
    cookies = board.page.context.cookies()
    return next(cookie["value"] for cookie in cookies if cookie["name"] == AFFINITY)


def open_on_different(open_page, cookie, count):
    """Pages on so many instances: one that is slow to answer gets none for a moment."""
    deadline = time.monotonic() + WAIT_SECONDS
    pages = {}
    while len(pages) < count:
        assert time.monotonic() < deadline, list(pages)
        board = open_page(cookie)
        pages.setdefault(instance_of(board), board)
    return list(pages.values())


def moods_of(database, username):
    with database.read() as session:
        return session.scalars(
            text(
                "SELECT mood FROM entries JOIN users ON users.id = user_id "
                "WHERE username = :name ORDER BY slot"
            ),
            {"name": username},
        ).all()


def test_a_tap_on_one_instance_shows_on_a_page_of_another(balanced, database, open_page):
    cookie = sign_in(database, "roamer")
    pages = open_on_different(open_page, cookie, 3)
    pages[0].pick(4)
    for page in pages:
        page.await_moods("Good")


def test_signing_out_on_one_instance_cuts_off_a_page_of_another(balanced, database, open_page):
    cookie = sign_in(database, "leaver")
    here, there = open_on_different(open_page, cookie, 2)
    here.page.click("summary")
    here.page.click("text=Sign out")
    there.page.wait_for_url("**/login*")


def test_when_an_instance_is_killed_its_page_goes_on_at_another(balanced, database, open_page):
    board = open_page(sign_in(database, "survivor"))
    board.pick(2)
    board.await_moods("Bad")
    board.page.click("[data-note]")
    board.page.fill("#note-text", "half a though")
    lost = instance_of(board)
    balanced.instances[lost].stop(signal.SIGKILL)
    board.pick(5)
    board.await_moods("Bad", "Great")
    assert instance_of(board) != lost
    assert moods_of(database, "survivor") == [2, 5]
    assert board.page.input_value("#note-text") == "half a though"
    balanced.instances[lost].start()


def test_an_instance_told_to_stop_answers_until_its_pages_are_elsewhere(
    balanced, database, open_page
):
    board = open_page(sign_in(database, "mover"))
    left = instance_of(board)
    instance = balanced.instances[left]
    refused = []
    board.page.on("response", lambda answer: refused.append(answer.status))
    with board.page.expect_event("domcontentloaded"):
        instance.tell_to_stop()
        assert httpx.get(f"{instance.url}/readyz").status_code == 503
        assert httpx.get(f"{instance.url}/healthz").status_code == 200
    board.await_connection()
    assert instance_of(board) != left
    assert not [status for status in refused if status >= 500]
    board.pick(5)
    board.await_moods("Great")
    assert instance.stop() == 0
    instance.start()


def test_while_no_instance_lives_a_page_asks_again_by_itself(balanced, database, open_page):
    board = open_page(sign_in(database, "patient"))
    for instance in balanced.instances.values():
        instance.stop(signal.SIGKILL)
    board.page.reload()
    board.page.wait_for_selector("text=away for a moment")
    answer = httpx.get(balanced.url)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    for instance in balanced.instances.values():
        instance.start()
    board.await_connection()
