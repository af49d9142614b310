"""`make pictures`: all of them, or those whose names begin with a word after the command."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from pictures import files, mails, pages
from support import browsers, demo_server
from support.server import ROOT

FOLDER = ROOT / "pictures"
README = ROOT / "docs" / "pictures"


def main(wanted: tuple[str, ...]) -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demo_server.serving(Path(folder)) as (server, demo),
        sync_playwright() as playwright,
        browsers.chromium(playwright) as browser,
    ):
        pages.take(browser, server, demo, wanted, FOLDER, README)
        files.take(browser, server, demo, wanted, FOLDER)
        mails.take(browser, wanted, FOLDER)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or ("",))
