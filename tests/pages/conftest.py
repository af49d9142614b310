"""Real servers with a real browser in front of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, sync_playwright

from support import browsers
from support.board_page import DESKTOP, BoardPage
from support.server import WAIT_SECONDS, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for a module; everybody in its tests registers under a name of their own."""
    running = Server(tmp_path_factory.mktemp("server")).start()
    yield running
    running.stop()


MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Prepares a server of the test's own, not yet started."""
    made: list[Server] = []

    def make(**settings: str) -> Server:
        folder = tmp_path / f"server{len(made)}"
        folder.mkdir()
        made.append(Server(folder, **settings))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, browsers.chromium(playwright) as running:
        yield running


OpenBrowser = Callable[..., BrowserContext]


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[OpenBrowser]:
    """Opens a fresh browser, on a desktop unless told otherwise.

    Whatever a test does with its pages: none may want what the Content-Security-Policy forbids,
    unless the test is about that (``watched=False``).
    """
    contexts: list[BrowserContext] = []
    forbidden: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Permissions-Policy" in message.text:
            forbidden.append(message.text)

    def open_one(
        server: Server, cookie: str | None = None, *, watched: bool = True, **more: object
    ) -> BrowserContext:
        context = browser.new_context(
            **({"viewport": DESKTOP, "timezone_id": "UTC"} | more)  # type: ignore[arg-type]
        )
        context.set_default_timeout(WAIT_SECONDS * 1000)
        if cookie:
            context.add_cookies([{"name": "moodtracker", "value": cookie, "url": server.url}])
        if watched:
            context.on("console", listen)
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert forbidden == []


@pytest.fixture
def open_board(open_browser: OpenBrowser) -> Callable[..., BoardPage]:
    """Opens a board for whoever holds the cookie."""

    def open_one(server: Server, cookie: str, **more: object) -> BoardPage:
        page = open_browser(server, cookie, **more).new_page()
        page.goto(server.url)
        page.wait_for_selector("#today-card")
        return BoardPage(page)

    return open_one
