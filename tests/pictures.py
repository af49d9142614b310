"""Pictures of every page and state, to be looked at: `make pictures` puts them into pictures/.

A real server on a fixed day, with the demo person's year, in a real browser; five widths, light and
dark. The four that the README shows are made anew in docs/pictures/. Words after the command name
the states that are wanted.
"""

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from support import browsers, demo_server
from support.server import ROOT, Server

FOLDER = ROOT / "pictures"
README = ROOT / "docs" / "pictures"
WIDTHS = {320: 640, 390: 844, 768: 1024, 1280: 800, 1920: 1080}
THEMES = ("light", "dark")

Prepare = Callable[[Page], None]


def connected(page: Page) -> None:
    page.wait_for_function("window.did_handshake === true")
    page.wait_for_timeout(200)


def note(page: Page) -> None:
    connected(page)
    page.click("[data-note]")
    page.fill("#note-text", "A long walk by the river, and soup.")


def day_and_note(page: Page) -> None:
    note(page)
    page.click("td[title^='Tuesday 10 March']")
    page.wait_for_selector("#look-at > *")


def menu(page: Page) -> None:
    connected(page)
    page.click(".menu > summary")


def away(page: Page) -> None:
    connected(page)
    page.evaluate("window.socket.disconnect()")
    page.click("[data-mood='5']")
    page.wait_for_timeout(4500)


def wrong(page: Page) -> None:
    page.evaluate("document.querySelector('form').noValidate = true")
    page.click("button.primary")
    page.wait_for_selector("[role=alert]")


def faces(page: Page) -> None:
    page.check("[name=faces_in_squares]")
    page.click("#look button.plain")
    page.wait_for_selector("#look [role=status]")
    page.goto(page.url.partition("/settings")[0])
    connected(page)


def no_faces(page: Page) -> None:
    page.uncheck("[name=faces_in_squares]")
    page.click("#look button.plain")
    page.wait_for_selector("#look [role=status]")


# name: who looks, at which path, and what they do there
STATES: dict[str, tuple[str, str, Prepare]] = {
    "board": ("demo", "/", connected),
    "board-day-and-note": ("demo", "/", day_and_note),
    "board-note": ("demo", "/", note),
    "board-menu": ("demo", "/", menu),
    "board-first-visit": ("newcomer", "/", connected),
    "board-away": ("demo", "/", away),
    "board-faces": ("demo", "/settings", faces),
    "settings": ("demo", "/settings", no_faces),
    "admin": ("demo", "/admin", connected),
    "sign-in": ("", "/login", connected),
    "session-ended": ("gone", "/login", connected),
    "sign-in-refused": ("", "/login", wrong),
    "register": ("", "/register", connected),
    "register-refused": ("", "/register", wrong),
    "not-found": ("demo", "/nowhere", lambda page: None),
    "offline": ("", "/offline", lambda page: None),
}

# picture of the README: state, width, theme
SHOWN = {
    "board": ("board", 1280, "light"),
    "night": ("board", 1280, "dark"),
    "phone": ("board", 390, "light"),
    "note": ("board-note", 390, "dark"),
}


@contextmanager
def looking(
    browser: Browser, server: Server, cookie: str, width: int, theme: str
) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=2 if width < 768 else 1,
        timezone_id="Europe/Berlin",
    )
    context.set_default_timeout(60_000)
    if cookie:
        context.add_cookies([{"name": "moodtracker", "value": cookie, "url": server.url}])
    yield context.new_page()
    context.close()


def main(wanted: list[str]) -> None:
    """Make those of the ``wanted`` states, or all."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demo_server.serving(Path(folder)) as (server, demo),
        sync_playwright() as playwright,
        browsers.chromium(playwright) as browser,
    ):
        cookies = {"": "", "demo": demo, "newcomer": server.register("newcomer"), "gone": "1.x"}
        for name, (who, path, prepare) in STATES.items():
            if wanted and name not in wanted:
                continue
            for width in WIDTHS:
                for theme in THEMES:
                    with looking(browser, server, cookies[who], width, theme) as page:
                        page.goto(server.url + path)
                        prepare(page)
                        taken = page.screenshot(full_page=width != 1920)
                        (FOLDER / f"{name}-{width}-{theme}.png").write_bytes(taken)
                        for shown, picture in SHOWN.items():
                            if picture == (name, width, theme):
                                _keep(page, shown)
            print(name, flush=True)


def _keep(page: Page, name: str) -> None:
    """A picture for the README: what the window shows, in few colours."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = image.quantize(128, dither=Image.Dither.NONE)
    few.save(README / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
