"""The theme is right from the first paint, nothing moves while it loads, words are the person's."""

import pytest

from support.board_page import DESKTOP, PHONE

SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["/", "/login"])
def test_nothing_moves_while_a_page_loads(server, open_browser, viewport, path):
    name = f"still{viewport['width']}{len(path)}"
    cookie = server.register(name)
    browser = open_browser(server, cookie if path == "/" else None, viewport=viewport)
    browser.add_init_script(SHIFTS)
    page = browser.new_page()
    page.goto(server.url + path)
    page.wait_for_selector("main")
    page.wait_for_timeout(500)
    assert page.evaluate("window.shifts") < 0.01


def ground(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_a_chosen_theme_is_there_before_any_script_has_run(server, open_browser):
    cookie = server.register("nightowl")
    page = open_browser(server, cookie, color_scheme="light").new_page()
    page.goto(server.url + "/settings")
    page.select_option("#look-theme", "dark")
    page.click("#look button")
    page.wait_for_selector("#look [role=status]")
    assert ground(page) == "rgb(22, 21, 26)"

    page.route("**/*.js*", lambda route: route.abort())
    page.goto(server.url)
    page.wait_for_selector("#today-card")
    assert ground(page) == "rgb(22, 21, 26)"
    assert page.locator("meta[name=theme-color]").get_attribute("content") == "#16151a"


def test_an_open_board_follows_a_choice_made_elsewhere(server, open_board, open_browser):
    cookie = server.register("chooser")
    board = open_board(server, cookie, color_scheme="light")
    board.await_connection()
    page = open_browser(server, cookie).new_page()
    page.goto(server.url + "/settings")
    page.select_option("#look-theme", "dark")
    page.check("#look [name=faces_in_squares]")
    page.click("#look button")
    board.page.wait_for_selector("html[data-theme=dark]")
    board.pick(4)
    board.await_moods("Good")
    face = "getComputedStyle(document.querySelector('td.today'), '::before').backgroundImage"
    assert "data:image/svg+xml" in board.page.evaluate(face)


def test_the_browsers_zone_is_offered_where_it_is_another(server, open_browser):
    cookie = server.register("mover", "Asia/Tokyo")
    page = open_browser(server, cookie, timezone_id="America/New_York").new_page()
    page.goto(server.url + "/settings")
    page.click("text=Your browser is in America/New York")
    assert page.input_value("#day-zone") == "America/New_York"
    page.select_option("#day-day_end_hour", "3")
    page.click("#day button.plain >> text=Save")
    page.wait_for_selector("#day [role=status]")
    assert page.input_value("#day-zone") == "America/New_York"
    assert page.input_value("#day-day_end_hour") == "3"


def test_the_first_visit_is_empty_and_inviting(server, open_board):
    board = open_board(server, server.register("newcomer"))
    assert "One tap is enough" in board.page.inner_text("#today-card")
    assert board.page.is_hidden("#free-slot")


def test_wrong_choices_are_refused_in_words_beside_their_field(server, open_browser):
    cookie = server.register("tamper")
    page = open_browser(server, cookie).new_page()
    page.goto(server.url + "/settings")
    page.fill("#names-first_name", "a" * 81)
    page.click("#names button")
    page.wait_for_selector("#names-first_name-notes >> text=At most 80 characters")
    assert page.input_value("#names-first_name") == "a" * 81
