"""The journey that the app exists for, in a browser, on a server where nobody lives yet."""

from playwright.sync_api import Page

from support.board_page import BoardPage
from support.server import PASSWORD


def walk(page: Page, url: str, setup_code: str = "") -> BoardPage:
    """Register, pick two moods, sign out and in again; ``page`` is in the zone Europe/Berlin.

    ``setup_code`` is for a server that listens beyond its own machine.
    """
    page.goto(url)

    # Nobody lives here yet: the first visitor is asked to register, with the zone filled in.
    page.wait_for_selector("#first_name")
    page.wait_for_function("document.getElementById('zone').value === 'Europe/Berlin'")
    if setup_code:
        page.fill("#setup_code", setup_code)
    page.fill("#first_name", "Ada")
    page.fill("#username", "ada")
    page.fill("#email", "ada@example.org")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")

    board = BoardPage(page)
    page.wait_for_selector("#today-card")
    board.pick(4)
    board.await_moods("Good")
    board.pick(2)
    board.await_moods("Good", "Bad")
    board.pick(5)
    board.await_message("Both moods of today are used")
    board.await_moods("Good", "Bad")

    page.reload()
    board.await_moods("Good", "Bad")
    assert {"a4", "b2"} <= board.today_classes()
    colours = page.eval_on_selector(
        "td.today", "square => getComputedStyle(square).backgroundImage"
    )
    assert "rgb(143, 181, 58)" in colours
    assert "rgb(74, 111, 181)" in colours
    title = page.get_attribute("td.today", "title")
    assert "🙂 good at" in title
    assert "🙁 bad at" in title
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.click("summary")
    page.click("text=Sign out")
    page.wait_for_selector("#login")
    page.goto(url)
    page.wait_for_selector("#login")
    assert page.url.endswith("/login")
    assert "Good" not in page.content()

    # And back in, where they wanted to go, with the year as it was.
    page.fill("#login", "ADA@example.org")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    board.await_moods("Good", "Bad")
    return board
