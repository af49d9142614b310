"""`make pictures`: all of them, or those whose names begin with a word after the command."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from pictures import files, mails, pages
from support import browsers, demo_server
from support.mail_server import MailServer
from support.server import ROOT

FOLDER = ROOT / "pictures"
README = ROOT / "docs" / "pictures"


def main(wanted: tuple[str, ...]) -> None:
    FOLDER.mkdir(exist_ok=True)
    post = MailServer().start()
    mail = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(post.port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "Moodtracker <mood@example.org>",
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        demo_server.serving(Path(folder), **mail) as (server, demo),
        sync_playwright() as playwright,
        browsers.chromium(playwright) as browser,
    ):
        pages.take(browser, server, demo, wanted, FOLDER, README)
        files.take(browser, server, demo, wanted, FOLDER)
        mails.take(browser, wanted, FOLDER)
    post.stop()


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or ("",))
