import json
import signal
from datetime import date, timedelta

import pytest

from support.board_page import PHONE, BoardPage
from support.server import PASSWORD, WAIT_SECONDS


def test_a_tap_shows_in_the_square_and_the_legend_at_once(server, open_board):
    board = open_board(server, server.register("square"))
    board.pick(5)
    board.await_moods("Great")
    assert "a5" in board.today_classes()
    assert board.page.inner_text("#count-5") == "1"
    assert board.page.inner_text("#kept").startswith("1 of ")
    assert board.page.get_attribute("[data-mood='5']", "aria-pressed") == "true"


def test_the_keys_one_to_five_pick_a_mood(server, open_board):
    board = open_board(server, server.register("keys"))
    board.page.keyboard.press("1")
    board.await_moods("Awful")
    board.page.keyboard.press("5")
    board.await_moods("Awful", "Great")
    board.page.keyboard.press("6")
    board.await_moods("Awful", "Great")


def test_a_double_click_is_one_mood(server, open_board):
    board = open_board(server, server.register("double"))
    board.page.dblclick("[data-mood='4']")
    board.await_moods("Good")
    board.send_tap(act="last of all")  # a second mood would be there before its answer
    board.await_message("could not be understood")
    board.await_moods("Good")


def test_a_mood_can_be_changed_in_its_place(server, open_board):
    board = open_board(server, server.register("change"))
    board.pick(4)
    board.await_moods("Good")
    board.pick(3)
    board.await_moods("Good", "Okay")
    board.page.click("#slot-1")
    board.await_message("takes its place")
    board.pick(1)
    board.await_moods("Awful", "Okay")
    assert {"a1", "b3"} <= board.today_classes()


def test_what_was_said_before_a_tap_goes_soon_also_without_an_answer(make_server, open_board):
    server = make_server().start()
    board = open_board(server, server.register("tidy"))
    board.pick(4)
    board.await_moods("Good")
    server.stop(signal.SIGKILL)
    board.page.wait_for_function("!window.socket.connected")
    board.page.click("#slot-1")
    board.await_message("takes its place")
    board.pick(1)
    board.page.wait_for_function("document.getElementById('message').textContent === ''")
    assert board.page.get_attribute("#slot-1", "aria-pressed") == "false"


def test_a_mood_can_be_taken_back(server, open_board):
    board = open_board(server, server.register("back"))
    board.pick(4)
    board.await_moods("Good")
    board.page.click("#back-1")
    board.await_moods()
    assert board.today_classes() == {"today"}
    board.page.reload()
    board.await_moods()


def test_every_open_page_of_a_person_shows_a_tap_and_nobody_elses(server, open_board):
    cookie = server.register("two-devices")
    desktop, phone = open_board(server, cookie), open_board(server, cookie, viewport=PHONE)
    stranger = open_board(server, server.register("stranger"))
    for board in (desktop, phone, stranger):
        board.await_connection()
    desktop.pick(2)
    phone.await_moods("Bad")
    phone.pick(3)
    desktop.await_moods("Bad", "Okay")
    assert stranger.chips() == []
    stranger.pick(5)
    stranger.await_moods("Great")


def test_a_tap_made_before_the_page_is_connected_is_not_lost(server, open_browser):
    page = open_browser(server, server.register("early")).new_page()
    held = []
    page.route("**/nicegui.js", lambda route: held.append(route))  # noqa: PLW0108
    page.goto(server.url, wait_until="commit")
    board = BoardPage(page)
    page.wait_for_selector("[data-mood='4']")
    board.pick(4)
    board.await_message("Not saved yet")
    assert board.chips() == []
    for route in held:
        route.continue_()
    board.await_moods("Good")


def test_taps_made_while_the_server_was_away_arrive_once(make_server, open_board):
    server = make_server().start()
    board = open_board(server, server.register("away"))
    board.await_connection()
    server.stop(signal.SIGKILL)
    board.page.wait_for_function("!window.socket.connected")
    board.pick(1)
    board.pick(5)
    server.start()
    board.await_moods("Awful", "Great")
    board.page.reload()
    board.await_moods("Awful", "Great")


def test_what_was_shown_as_saved_survives_a_kill(make_server, open_board):
    server = make_server().start()
    cookie = server.register("killed")
    board = open_board(server, cookie)
    board.pick(4)
    board.await_moods("Good")
    server.stop(signal.SIGKILL)
    server.start()
    open_board(server, cookie).await_moods("Good")


@pytest.mark.parametrize("days", [-1, 1, -365])
def test_a_hand_made_message_cannot_write_another_day(server, open_board, days):
    board = open_board(server, server.register(f"forger{days + 400}"))
    day = date.fromisoformat(board.page.get_attribute("#today-card", "data-day"))
    board.send_tap(
        tap="handmade1", act="record", day=(day + timedelta(days=days)).isoformat(), mood=4
    )
    board.await_message("nothing was changed")
    assert moods_of(server, board) == []


def test_a_hand_made_message_cannot_change_or_take_back_yesterday(make_server, open_board):
    server = make_server()
    server.set_clock(2026, 11, 24, 12)
    server.start()
    board = open_board(server, server.register("yesterday"))
    board.pick(4)
    board.await_moods("Good")
    was = board.page.get_attribute("[data-change]", "data-change")
    server.set_clock(2026, 11, 25, 12)
    board.await_moods()
    for act in ({"act": "change", "mood": 1}, {"act": "take_back"}):
        board.page.evaluate("moodtracker.show({message: ''})")
        board.send_tap(tap="handmade1", day="2026-11-24", was=was, **act)
        board.await_message("That day is over")
    assert moods_of(server, board) == [("2026-11-24", 4)]


@pytest.mark.parametrize(
    "tap",
    [
        {},
        {"act": "record"},
        {"act": "record", "mood": 6},
        {"act": "record", "mood": 0},
        {"act": "record", "mood": True},
        {"act": "record", "mood": "4"},
        {"act": "record", "mood": 2.5},
        {"act": "record", "mood": None},
        {"act": "record", "mood": [4]},
        {"act": "record", "mood": 4, "tap": ""},
        {"act": "record", "mood": 4, "tap": "x" * 10_000},
        {"act": "record", "mood": 4, "tap": "nul\0nul\0"},
        {"act": "record", "mood": 4, "tap": "<b>markup</b>"},
        {"act": "record", "mood": 4, "day": "today"},
        {"act": "record", "mood": 4, "day": 20260101},
        {"act": "record", "mood": 4, "day": "2026-13-01"},
        {"act": "record", "mood": 4, "slot": 3},
        {"act": "erase", "mood": 4},
        {"act": "change", "mood": 4, "was": None},
    ],
    ids=json.dumps,
)
def test_a_message_of_another_shape_is_refused_and_changes_nothing(shapes, tap):
    server, board = shapes
    board.page.evaluate("moodtracker.show({message: ''})")
    day = board.page.get_attribute("#today-card", "data-day")
    board.send_tap(**({"tap": "handmade1", "day": day} | tap))
    board.await_message("could not be understood")
    assert moods_of(server, board) == []


@pytest.fixture(scope="module")
def shapes(server, browser):
    context = browser.new_context()
    context.set_default_timeout(WAIT_SECONDS * 1000)
    context.add_cookies(
        [{"name": "moodtracker", "value": server.register("shapes"), "url": server.url}]
    )
    page = context.new_page()
    page.goto(server.url)
    board = BoardPage(page)
    board.await_connection()
    yield server, board
    context.close()


def test_signing_out_on_one_device_sends_its_open_pages_away_and_keeps_the_others(
    server, open_browser, open_board
):
    cookie = server.register("leaver")
    browser = open_browser(server, cookie)
    first, second = browser.new_page(), browser.new_page()
    for page in (first, second):
        page.goto(server.url)
        BoardPage(page).await_connection()
    other = open_browser(server).new_page()
    other.goto(f"{server.url}/login")
    other.fill("#login", "leaver")
    other.fill("#password", PASSWORD)
    other.click("button[type=submit]")
    other.wait_for_selector("#today-card")

    first.click("summary")
    first.click("text=Sign out")
    second.wait_for_selector("#login")

    BoardPage(other).pick(3)
    BoardPage(other).await_moods("Okay")


def moods_of(server, board):
    """What the server has written down, as (day, mood)."""
    answer = board.page.request.get(f"{server.url}/moods.json")
    return [(entry["day"], entry["mood"]) for entry in answer.json()["entries"]]
