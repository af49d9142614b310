"""Somebody whose zone this machine does not know (any more) has their pages all the same."""

from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import text

from moodtracker.database import Database
from support.mail_server import MailServer
from support.sealing import SMALL, seal
from support.server import Server

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)
UNKNOWN = "Mars/Olympus"
PAGES = ("/", "/settings", "/admin")
FILES = ("/moods.csv?year=2025", "/moods.zip?year=2025", "/board.png?year=2025")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """In December, with a mail server."""
    mail_server = MailServer().start()
    server = Server(tmp_path_factory.mktemp("server"), **mail_server.settings)
    server.set_clock(2026, 12, 5, 12)
    yield server.start()
    server.stop()
    mail_server.stop()


@pytest.fixture(scope="module")
def cookie(server):
    return server.register("ada")


@pytest.fixture
def database(server, cookie):
    """Ada administers, and lives where no machine knows."""
    database = Database(f"sqlite:///{server.folder / 'data/moodtracker.db'}")
    say(database, f"UPDATE users SET zone = '{UNKNOWN}', administrator = true")
    yield database
    say(database, "DELETE FROM troubles")
    say(database, "DELETE FROM sealed_years")
    say(database, "UPDATE users SET noted_year = NULL, notes_answered_at = NULL")
    database.close()


def say(database, statement):
    with database.write() as session:
        session.execute(text(statement))


def statuses(server, cookie, paths):
    return {
        path: httpx.get(f"{server.url}{path}", cookies={"moodtracker": cookie}).status_code
        for path in paths
    }


@pytest.mark.parametrize("sealed_in", ["UTC", UNKNOWN])
def test_a_closed_year_is_shown_and_downloaded(server, cookie, database, sealed_in):
    seal(database, "ada", SMALL, state="sent", sent_at=DECEMBER, zone=sealed_in)
    assert set(statuses(server, cookie, PAGES + FILES).values()) == {200}


def test_an_administrator_sees_what_is_wrong(server, cookie, database):
    say(
        database,
        "INSERT INTO troubles (kind, since, words) "
        "VALUES ('mail', '2026-12-05 11:00:00.000000', '550 no')",
    )
    assert set(statuses(server, cookie, PAGES).values()) == {200}


def test_who_wanted_no_notes_in_the_mail_is_asked_again_in_december(server, cookie, database):
    say(
        database,
        "UPDATE users SET noted_year = 2026, notes_answered_at = '2026-11-05 11:00:00.000000'",
    )
    assert set(statuses(server, cookie, PAGES).values()) == {200}
    shown = httpx.get(server.url, cookies={"moodtracker": cookie}).text
    assert '<section id="notes-question" hidden' not in shown
