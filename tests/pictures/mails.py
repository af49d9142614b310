"""The mails as a mail server takes them, shown by a browser: with their images and without."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser
from sqlalchemy import update

from moodtracker import clock, demo, troubles
from moodtracker.database import Database
from moodtracker.mail import post, rehearsal, reminder, trouble
from moodtracker.mail.account import AccountMails
from moodtracker.mail.letter import Envelope
from moodtracker.mail.post import Kind
from moodtracker.mail.unsubscribe import Unsubscribing
from moodtracker.models import TroubleRow, UserRow
from moodtracker.secret import Secret
from support.mail_server import MailServer
from support.year_end import BASE_URL, make_year_end

LANGUAGES = ("en", "ar", "de")
WIDTHS = (320, 720)
THEMES = ("light", "dark")
NEW_YEARS_EVE = datetime(2026, 12, 31, 20, tzinfo=UTC)
YEAR_END = "year-end"


def take(browser: Browser, wanted: tuple[str, ...], folder: Path) -> None:
    """Send one of each kind in each language, and show those that are ``wanted``."""
    for language in LANGUAGES:
        names = {kind: f"mail-{kind}-{language}" for kind in (*Kind, YEAR_END)}
        if any(name.startswith(wanted) for name in names.values()):
            for kind, message in _sent(language).items():
                if names[kind].startswith(wanted):
                    _look(browser, message, names[kind], folder)


def _sent(language: str) -> dict[str, EmailMessage]:
    """One mail of each kind, sent by the real outbox to a real mail server."""
    with TemporaryDirectory() as folder, _standing_clock() as set_clock:
        database = Database(f"sqlite:///{folder}/moodtracker.db")
        database.migrate()
        set_clock(NEW_YEARS_EVE - timedelta(days=1))
        person, _ = demo.make_up(database)
        set_clock(NEW_YEARS_EVE)
        wishes = {
            "language": language,
            "email": "ada@example.org",
            "email_verified_at": clock.now(),
            "year_end_mail": True,
            "reminder": True,
            "reminded_on": date(2026, 12, 31),
            "administrator": True,
        }
        with database.write() as session:
            session.execute(update(UserRow).values(wishes))
            session.add_all(_troubles())
        server = MailServer().start()
        envelope = Envelope("Moodtracker <mood@example.org>", BASE_URL, 30)
        writers = AccountMails(database, envelope).writers()
        writers |= rehearsal.writers(database, envelope) | trouble.writers(database, envelope)
        unsubscribing = Unsubscribing(Secret("a secret of the pictures"), BASE_URL)
        writers |= reminder.writers(database, envelope, unsubscribing)
        year_end = make_year_end(database, server.port, writers=writers)
        sent: dict[str, EmailMessage] = {}
        for kind in Kind:
            address = "new@example.org" if kind in (Kind.JOIN, Kind.VERIFY) else "ada@example.org"
            with database.write() as session:
                post.ask(session, kind, address, user_id=person.id, name="Ada", language=language)
            year_end.tick()
            ((_, sent[kind]),) = server.taken
            server.taken.clear()
        set_clock(NEW_YEARS_EVE + timedelta(hours=13, minutes=1))
        year_end.tick()
        ((_, sent[YEAR_END]),) = server.taken
        server.stop()
        database.close()
        return sent


def _troubles() -> Iterator[TroubleRow]:
    """What an administrator is told of."""
    found = {
        troubles.Kind.MAIL: "535 5.7.8 authentication failed",
        troubles.Kind.HELD: "2",
        troubles.Kind.BACKUP: "2026-12-22",
    }
    for hours, (kind, words) in enumerate(found.items(), start=2):
        since = NEW_YEARS_EVE - timedelta(hours=hours)
        yield TroubleRow(kind=kind, since=since, words=words, told_at=since + timedelta(hours=1))


@contextmanager
def _standing_clock() -> Iterator[Callable[[datetime], None]]:
    """Gives what sets the time: it has passed, as far as anybody can tell."""
    now, uptime = clock.now, clock.uptime
    moment = NEW_YEARS_EVE

    def set_clock(to: datetime) -> None:
        nonlocal moment
        moment = to

    clock.now = lambda: moment
    clock.uptime = lambda: timedelta(days=30).total_seconds()
    try:
        yield set_clock
    finally:
        clock.now, clock.uptime = now, uptime


def _look(browser: Browser, message: EmailMessage, name: str, folder: Path) -> None:
    html = message.get_body(["html"]).get_content()
    images = {
        part["Content-ID"].strip("<>"): base64.b64encode(part.get_content()).decode()
        for part in message.walk()
        if part["Content-ID"]
    }
    shown = re.sub(r"cid:([^\"]+)", lambda cid: f"data:image/png;base64,{images[cid[1]]}", html)
    forms = {"": shown} | ({"-no-images": html} if images else {})
    page = browser.new_page()
    for form, content in forms.items():
        page.set_content(content)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 600})
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                page.screenshot(path=folder / f"{name}{form}-{width}-{theme}.png", full_page=True)
    page.close()
    print(name, flush=True)
