"""A clock that jumps under the real server, newer zone data: no day is lost, none comes back."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from support.open_page import OpenPage
from support.server import WAIT_SECONDS, Server
from support.tapping import shown_in
from support.zone_data import write_zone

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVE = datetime(2026, 12, 31, 10, tzinfo=UTC)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
SAVED = ""
BOTH_USED = "Both moods of today are used"
OVER = "That day is over"
FAR_ZONE = "Pacific/Apia"


@pytest.fixture
def settings(mail_server):
    """Of a server that mails and erases at once what is due."""
    return mail_server.settings | {
        "YEAR_END_MAIL_AT": "00:00",
        "YEAR_END_KEEP_DAYS": "0",
        "BOUNCE_ADDRESS": "bounce@example.org",
    }


@pytest.fixture
def server(tmp_path, settings):
    started = Server(tmp_path, **settings)
    set_to(started, NOON)
    yield started.start()
    started.kill()


@pytest.fixture
def restarted(tmp_path, settings, monkeypatch):
    """A server that is started (again) where a zone is so many hours ahead: ``restarted(13)``."""
    server = Server(tmp_path, **settings)
    folder = tmp_path / "zones"
    monkeypatch.setenv("PYTHONTZPATH", str(folder))

    def start(hours, at=None):
        server.kill()
        if at:
            set_to(server, at)
        write_zone(folder, FAR_ZONE, hours)
        return server.start()

    yield start
    server.kill()


def set_to(server, moment):
    server.set_clock(*moment.timetuple()[:6])


def rows(server, statement):
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        return database.execute(statement).fetchall()


def moods(server, who=1):
    """A person's moods: day, slot, mood."""
    return rows(
        server, f"SELECT day, slot, mood FROM entries WHERE user_id = {who} ORDER BY day, slot"
    )


def await_tick(server, moment):
    """Wait until the clock of the year has seen that it is so late."""
    await_row(server, f"SELECT 1 FROM installation WHERE seen_at >= '{moment:%Y-%m-%d %H:%M}'")


def await_row(server, statement):
    deadline = time.monotonic() + WAIT_SECONDS
    while not rows(server, statement):
        assert time.monotonic() < deadline, server.log
        time.sleep(0.02)


def tap(server, cookie, mood, day=None):
    """What the page is told about a mood, SAVED or words; for the day that it shows, or another."""
    page = OpenPage(server, cookie)
    act = page.tap(mood, **({"day": day} if day else {}))
    with page.connected() as socket:
        socket.event("tap", act)
        while True:
            said = shown_in(socket.await_words("moodtracker.show"))
            if act["tap"] in said.get("done", ()):
                return said.get("message", SAVED)


def shown_day(server, cookie):
    return OpenPage(server, cookie).day


def test_a_clock_that_jumps_about_brings_no_day_back_and_gives_no_third_mood(server):
    ada, bob = server.register("ada"), server.register("bob")
    assert tap(server, ada, 4) == SAVED
    assert tap(server, bob, 3) == SAVED

    set_to(server, NOON + HOUR)
    assert tap(server, ada, 2) == SAVED
    assert tap(server, ada, 1).startswith(BOTH_USED)
    set_to(server, NOON - HOUR)
    assert shown_day(server, ada) == "2026-11-24"
    assert tap(server, ada, 1).startswith(BOTH_USED)

    set_to(server, NOON + DAY)
    assert shown_day(server, ada) == "2026-11-25"
    assert tap(server, ada, 1, day="2026-11-24").startswith(OVER)
    assert tap(server, ada, 5) == SAVED
    await_tick(server, NOON + DAY)
    for back in (NOON, NOON + DAY - YEAR):  # by a day, and by a year
        set_to(server, back)
        for cookie in (ada, bob):  # who has written the later day, and who has not
            assert shown_day(server, cookie) == "2026-11-25"
            for past in ("2026-11-24", f"{back:%Y-%m-%d}"):
                assert tap(server, cookie, 1, day=past).startswith(OVER)
    assert tap(server, ada, 3) == SAVED
    assert tap(server, ada, 1).startswith(BOTH_USED)

    set_to(server, NOON + 2 * DAY)  # and set right
    assert tap(server, bob, 2) == SAVED
    assert moods(server) == [
        ("2026-11-24", 1, 4),
        ("2026-11-24", 2, 2),
        ("2026-11-25", 1, 5),
        ("2026-11-25", 2, 3),
    ]
    assert moods(server, who=2) == [("2026-11-24", 1, 3), ("2026-11-26", 1, 2)]
    assert "Traceback" not in server.log


def test_a_jump_by_a_year_closes_mails_and_erases_nothing_until_the_operators_word(
    server, mail_server
):
    ada = server.register("ada")
    assert tap(server, ada, 4) == SAVED
    await_tick(server, NOON)
    sessions = rows(server, "SELECT count(*) FROM sessions")
    before = len(server.log)
    set_to(server, NOON + YEAR)
    server.await_log("no year is closed and nothing is erased", since=before)
    # Who joins now has a day of next year, and loses nothing by it.
    eve = server.register("eve")
    assert tap(server, eve, 5) == SAVED
    assert rows(server, "SELECT * FROM sealed_years") == []
    assert moods(server) == [("2026-11-24", 1, 4)]

    before = len(server.log)
    set_to(server, NOON + HOUR)
    server.await_log("the clock is believed again", since=before)
    assert rows(server, "SELECT count(*) FROM sessions WHERE user_id = 1") == sessions
    assert tap(server, ada, 2) == SAVED
    assert tap(server, eve, 1) == SAVED
    assert tap(server, ada, 1).startswith(BOTH_USED)

    set_to(server, NOON + YEAR)
    say(server, "confirm-clock")
    while rows(server, "SELECT count(erased_at) FROM sealed_years") != [(2,)]:
        say(server, "run")  # or the server itself, within a minute
    assert boards(mail_server) == {
        "ada@example.org": ["2026-11-24,1,4", "2026-11-24,2,2"],
        "eve@example.org": ["2026-11-24,1,1"],
    }
    assert moods(server) == []
    assert moods(server, who=2) == [("2027-11-24", 1, 5)]
    assert httpx.get(f"{server.url}/readyz", timeout=WAIT_SECONDS).status_code == 200
    assert "Traceback" not in server.log


def test_a_small_machine_that_was_off_over_new_year_closes_the_year_once_it_hears_the_time(
    server, mail_server
):
    ada = server.register("ada")
    assert tap(server, ada, 4) == SAVED
    await_tick(server, NOON)
    server.kill()
    # It boots where it was shut down, and NTP answers while the app runs already: a minute later,
    # by when the kernel is asked again.
    server.set_clock(2026, 11, 24, 12, 0, 30, machine="8 no")
    server.start()
    assert shown_day(server, ada) == "2026-11-24"
    server.set_clock(2026, 12, 20, 12, machine="68 yes")
    await_tick(server, datetime(2026, 12, 20, 12, tzinfo=UTC))
    server.kill()
    server.set_clock(2026, 12, 20, 12, 0, 30, machine="8 no")
    server.start()
    server.set_clock(2027, 1, 3, 12, machine="68 yes")
    await_row(server, "SELECT 1 FROM sealed_years WHERE state = 'sent'")
    assert boards(mail_server) == {"ada@example.org": ["2026-11-24,1,4"]}
    assert rows(server, "SELECT doubted_at FROM installation") == [(None,)]
    assert "Traceback" not in server.log


def say(server, word):
    told = server.command("year-end", word)
    assert told.returncode == 0, told.stderr


def boards(mail_server):
    """The moods that were mailed: day, slot, mood."""
    mailed = {}
    for recipient, message in mail_server.taken:
        for part in message.walk():
            if part.get_content_type() == "text/csv":
                assert recipient not in mailed
                lines = part.get_content().split()[1:]
                mailed[recipient] = [",".join(line.split(",")[:3]) for line in lines]
    return mailed


def test_newer_zone_data_that_move_a_zone_over_the_date_line_bring_no_day_back(restarted):
    server = restarted(13, at=NOON)
    ada = server.register("ada", FAR_ZONE)
    assert tap(server, ada, 4) == SAVED  # at one o'clock in the morning of the 25th

    restarted(-11)  # where it is still the 24th
    assert shown_day(server, ada) == "2026-11-25"
    assert tap(server, ada, 1, day="2026-11-24").startswith(OVER)
    assert tap(server, ada, 2) == SAVED
    assert tap(server, ada, 3).startswith(BOTH_USED)
    set_to(server, NOON + DAY)
    assert shown_day(server, ada) == "2026-11-25"
    assert tap(server, ada, 3).startswith(BOTH_USED)
    set_to(server, NOON + 2 * DAY)
    assert shown_day(server, ada) == "2026-11-26"
    assert tap(server, ada, 5) == SAVED

    restarted(13)  # where it is the 27th: the 26th is over
    assert shown_day(server, ada) == "2026-11-27"
    assert tap(server, ada, 1, day="2026-11-26").startswith(OVER)
    assert tap(server, ada, 1) == SAVED
    assert moods(server) == [
        ("2026-11-25", 1, 4),
        ("2026-11-25", 2, 2),
        ("2026-11-26", 1, 5),
        ("2026-11-27", 1, 1),
    ]
    assert "Traceback" not in server.log


def test_newer_zone_data_at_new_year_neither_open_a_closed_year_nor_close_it_twice(
    restarted, mail_server
):
    server = restarted(13, at=EVE)
    ada = server.register("ada", FAR_ZONE)
    assert tap(server, ada, 4) == SAVED
    set_to(server, EVE + 2 * HOUR)  # one o'clock of New Year's
    await_row(server, "SELECT 1 FROM sealed_years WHERE state = 'sent'")

    restarted(-11)  # where the old year lasts until 11:00 UTC on 1 January
    assert shown_day(server, ada) == "2027-01-01"
    assert tap(server, ada, 1, day="2026-12-31").startswith(OVER)
    assert tap(server, ada, 5) == SAVED
    set_to(server, EVE + 26 * HOUR)
    await_tick(server, EVE + 26 * HOUR)
    assert moods(server) == [("2027-01-01", 1, 5)]
    assert rows(server, "SELECT year, state FROM sealed_years") == [(2026, "sent")]
    assert len(boards(mail_server)) == 1
    assert "Traceback" not in server.log
