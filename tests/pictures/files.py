"""The files that a person keeps: the year in rows and as a poster, as SVG, PNG and PDF."""

import shutil
import subprocess
from pathlib import Path

import httpx
from playwright.sync_api import Browser

from support.needs import missing
from support.server import WAIT_SECONDS, Server

LANGUAGES = ("en", "ar", "de")
SHAPES = ("rows", "poster")


def take(
    browser: Browser, server: Server, demo: str, wanted: tuple[str, ...], folder: Path
) -> None:
    """Make those that are ``wanted``; an SVG as a browser shows it."""
    for language in LANGUAGES:
        for shape in SHAPES:
            for kind, draw in (("png", _png), ("svg", _svg), ("pdf", _pdf)):
                name = f"file-{shape}-{language}-{kind}"
                if name.startswith(wanted):
                    answer = httpx.get(
                        f"{server.url}/board.{kind}",
                        params={"shape": shape},
                        cookies={"moodtracker": demo},
                        headers={"Accept-Language": language},
                        timeout=WAIT_SECONDS,
                    )
                    draw(browser, answer.raise_for_status().content, folder / name)
                    print(name, flush=True)


def _png(browser: Browser, content: bytes, file: Path) -> None:
    file.with_suffix(".png").write_bytes(content)


def _svg(browser: Browser, content: bytes, file: Path) -> None:
    page = browser.new_page(viewport={"width": 1240, "height": 640})
    page.set_content(f"<body style='margin:0'>{content.decode()}")
    page.screenshot(path=file.with_suffix(".png"), full_page=True)
    page.close()


def _pdf(browser: Browser, content: bytes, file: Path) -> None:
    if shutil.which("pdftoppm") is None:
        missing("pdftoppm (Debian's package poppler-utils)")
    command = ["pdftoppm", "-png", "-r", "110", "-singlefile", "-", str(file)]
    subprocess.run(command, input=content, check=True)
