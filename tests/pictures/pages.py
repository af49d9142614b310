"""The pages: a real server on a fixed day, with the demo person's year, in a real browser.

Each state is brought about once in a window of a phone and once in one of a desktop, and looked at
there in several widths, light and dark; some in other languages too.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from support.server import Server

Prepare = Callable[[Page], None]


class Window(NamedTuple):
    """What a device shows: pixels for each CSS pixel, and its widths with their heights."""

    sharpness: int
    sizes: dict[int, int]


PHONE = Window(2, {320: 640, 390: 844})
DESKTOP = Window(1, {768: 1024, 1280: 904, 1920: 1080})
THEMES = ("light", "dark")
LANGUAGES = ("ar", "de", "es", "fr")


def connected(page: Page) -> None:
    page.wait_for_function("window.did_handshake === true")


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
    page.click(".menu .keep > summary")


def away(page: Page) -> None:
    connected(page)
    page.evaluate("window.socket.disconnect()")
    page.click("[data-mood='5']")
    page.wait_for_timeout(4500)


def wrong(page: Page) -> None:
    connected(page)
    page.evaluate("document.querySelector('form').noValidate = true")
    page.click("button.primary")
    page.wait_for_selector("[role=alert], .wrong")


def faces(page: Page) -> None:
    look(page, has_faces=True)
    page.goto(page.url.partition("/settings")[0])
    connected(page)


def no_faces(page: Page) -> None:
    look(page, has_faces=False)
    page.goto(page.url)
    connected(page)


def looked_after(page: Page) -> None:
    connected(page)
    page.click("#checks button.plain >> nth=0")
    page.wait_for_selector("#checks .findings li:has-text('mail:')")  # the last


def look(page: Page, *, has_faces: bool) -> None:
    page.set_checked("[name=faces_in_squares]", has_faces)
    page.click("#look button.plain")
    page.wait_for_selector("#look [role=status]")


def as_it_is(page: Page) -> None:
    page.wait_for_selector("h1, h2, table")


# name: who looks, at which path, and what they do there
STATES: dict[str, tuple[str, str, Prepare]] = {
    "board": ("demo", "/", connected),
    "board-day-and-note": ("demo", "/", day_and_note),
    "board-note": ("demo", "/", note),
    "board-menu": ("demo", "/", menu),
    "board-first-visit": ("newcomer", "/", connected),
    "board-offer": ("newcomer", "/?mood=4&day=2026-11-23", connected),
    "board-away": ("demo", "/", away),
    "board-faces": ("demo", "/settings", faces),
    "settings": ("demo", "/settings", no_faces),
    "settings-newcomer": ("newcomer", "/settings", connected),
    "admin": ("demo", "/admin", connected),
    "admin-checks": ("demo", "/admin", looked_after),
    "year-end-preview": ("demo", "/year-end/preview", as_it_is),
    "sign-in": ("", "/login", connected),
    "session-ended": ("gone", "/login", connected),
    "sign-in-refused": ("", "/login", wrong),
    "register": ("", "/register", connected),
    "register-refused": ("", "/register", wrong),
    "forgot": ("", "/forgot", as_it_is),
    "link-that-is-over": ("", "/verify?token=gone", as_it_is),
    "not-found": ("demo", "/nowhere", as_it_is),
    "offline": ("", "/offline", as_it_is),
}
# What would be seen in the states that follow.
UNDONE: dict[str, Prepare] = {"board-faces": no_faces}
IN_LANGUAGES = ("board", "settings", "sign-in", "register-refused")

# Those that the README shows, and what they are called there.
SHOWN = {
    "board-1280-light": "board",
    "board-1280-dark": "night",
    "board-390-light": "phone",
    "board-note-390-dark": "note",
}


def take(
    browser: Browser,
    server: Server,
    demo: str,
    wanted: tuple[str, ...],
    folder: Path,
    readme: Path,
) -> None:
    """Make those of the ``wanted`` states; ``demo`` is the demo person's cookie."""
    cookies = {"": "", "demo": demo, "newcomer": server.register("newcomer"), "gone": "1.x"}
    for window in (PHONE, DESKTOP):
        for language in ("en", *LANGUAGES):
            context = _open(browser, window, language)
            for name in STATES if language == "en" else IN_LANGUAGES:
                file = name if language == "en" else f"{name}-{language}"
                if file.startswith(wanted):
                    page = _bring_about(context, server, cookies, name)
                    _look(page, window, file, folder, readme)
                    page.evaluate("localStorage.clear(), sessionStorage.clear()")
                    if name in UNDONE:
                        page.goto(server.url + STATES[name][1])
                        UNDONE[name](page)
                    page.close()
            context.close()


def _open(browser: Browser, window: Window, language: str) -> BrowserContext:
    context = browser.new_context(
        device_scale_factor=window.sharpness,
        locale=language,
        timezone_id="Europe/Berlin",
        viewport=_viewport(window, min(window.sizes)),
    )
    context.set_default_timeout(60_000)
    return context


def _viewport(window: Window, width: int) -> ViewportSize:
    return {"width": width, "height": window.sizes[width]}


def _bring_about(
    context: BrowserContext, server: Server, cookies: dict[str, str], name: str
) -> Page:
    who, path, prepare = STATES[name]
    context.clear_cookies()
    if cookie := cookies[who]:
        context.add_cookies([{"name": "moodtracker", "value": cookie, "url": server.url}])
    page = context.new_page()
    page.goto(server.url + path)
    prepare(page)
    return page


def _look(page: Page, window: Window, name: str, folder: Path, readme: Path) -> None:
    for width in window.sizes:
        page.set_viewport_size(_viewport(window, width))
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(200)  # colours and sizes take their time
            file = f"{name}-{width}-{theme}"
            page.screenshot(path=folder / f"{file}.png", full_page=width != 1920)
            if file in SHOWN:
                _keep(page, readme / f"{SHOWN[file]}.png")
    print(name, flush=True)


def _keep(page: Page, file: Path) -> None:
    """A picture for the README: what the window shows, in few colours."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
