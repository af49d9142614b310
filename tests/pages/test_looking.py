from datetime import date
from itertools import count

import pytest

from support import year
from support.server import Server

NUMBERS = count()
MOODS = [
    (date(2026, 1, 31), 1, 5, "the first snow"),
    (date(2026, 1, 31), 2, 2, ""),
    (date(2026, 2, 28), 1, 3, ""),
]


@pytest.fixture(scope="module")
def november(tmp_path_factory):
    """A server on 24 November 2026."""
    running = Server(tmp_path_factory.mktemp("november"))
    running.set_clock(2026, 11, 24, 12)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def board(november, open_board):
    """A board with some days of its winter."""
    name = f"looker{next(NUMBERS)}"
    cookie = november.register(name)
    year.write(november, name, MOODS)
    opened = open_board(november, cookie)
    opened.await_connection()
    return opened


def await_day(board, words):
    board.page.wait_for_function(
        "words => document.getElementById('look-day').textContent === words", arg=words
    )


def test_all_that_a_mouse_does_is_done_by_keys(board):
    """The whole walk, without one click: skip, pick, note, change, look around, take back."""
    page = board.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("4")
    board.await_moods("Good")

    page.focus("#mood-5")
    page.keyboard.press("Space")
    board.await_moods("Good", "Great")
    page.focus("#mood-5")
    walked = []
    for _ in range(7):
        page.keyboard.press("Tab")
        walked.append(page.evaluate("document.activeElement.id"))
    assert walked == [
        *("slot-1", "write-1", "back-1", "slot-2", "write-2", "back-2"),
        "day-2026-11-24",
    ]

    page.focus("#write-1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#note-text:focus")
    page.keyboard.type("by keys alone")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Save note"
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('note-1').textContent === 'by keys alone'")

    page.focus("#slot-2")
    page.keyboard.press("Enter")
    page.keyboard.press("1")
    board.await_moods("Good", "Awful")
    page.focus("#back-2")
    page.keyboard.press("Space")
    board.await_moods("Good")

    page.focus("td.today")
    page.keyboard.press("Enter")
    await_day(board, "Tuesday 24 November")
    page.wait_for_selector("#look-at >> text=by keys alone")
    page.keyboard.press("ArrowLeft")
    await_day(board, "Monday 23 November")
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    await_day(board, "Monday 23 February")
    page.keyboard.press("End")
    await_day(board, "Saturday 28 February")
    page.wait_for_selector("#look-at >> text=Okay at 08:12")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    await_day(board, "Saturday 31 January")
    said = page.wait_for_selector("#look-at >> text=the first snow")
    assert said is not None
    assert "Great at 08:12" in page.inner_text("#look-at")
    assert "Bad at 08:12" in page.inner_text("#look-at")
    page.keyboard.press("Escape")
    assert page.is_hidden("#look")
    assert "31 January" in page.evaluate("document.activeElement.title")


def test_a_click_or_a_tap_shows_a_day_and_the_buttons_lead_on(board):
    board.page.click("td[title^='Saturday 31 January']")
    await_day(board, "Saturday 31 January")
    board.page.wait_for_selector("#look-at >> text=the first snow")
    board.page.click("#look-after")
    await_day(board, "Sunday 1 February")
    board.page.wait_for_selector("#look-at >> text=no mood")
    assert board.page.inner_text("#look-at") == "no mood"
    board.page.click("#look-before")
    await_day(board, "Saturday 31 January")
    board.page.click("#look-away")
    assert board.page.is_hidden("#look")


def test_on_a_phone_the_arrow_keys_go_where_they_point(board):
    board.page.set_viewport_size({"width": 390, "height": 844})
    board.page.click("td[title^='Saturday 31 January']")
    board.page.keyboard.press("ArrowRight")
    await_day(board, "Saturday 28 February")
    board.page.keyboard.press("ArrowDown")
    await_day(board, "Sunday 1 March")


def test_a_page_that_shows_today_follows_what_is_noted_elsewhere(board, open_board):
    board.page.click("td.today")
    await_day(board, "Tuesday 24 November")
    board.page.wait_for_selector("#look-at >> text=no mood yet")
    board.pick(4)
    board.page.wait_for_selector("#look-at >> text=Good at 12:")


def test_each_day_is_named_in_words_to_a_screen_reader(board):
    board.page.wait_for_selector("td[title^='Saturday 31 January']")  # with the connection
    tree = board.page.locator("table.year").aria_snapshot()
    assert 'grid "2026, day by day"' in tree
    for name in ("Jan", "Dec"):
        assert f'rowheader "{name}"' in tree
    for number in ("1", "31"):
        assert f'columnheader "{number}"' in tree
    assert 'gridcell "Saturday 31 January: 😄 great at 08:12, 🙁 bad at 08:12"' in tree
    assert 'gridcell "Tuesday 24 November: no mood yet"' in tree
    assert tree.count('gridcell "') == 365
