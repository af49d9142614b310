"""`kill -9` while years are closed and mailed: no board is lost, none erased unsent (Y2 to Y6)."""

import json
import random
import sqlite3
import threading
import time
from contextlib import closing
from datetime import date, timedelta

import pytest

from moodtracker.mail.queue import LEASE
from support.rounds import rounds
from support.server import WAIT_SECONDS, Server
from support.tapping import Tapper

KILLS = rounds(10)
PEOPLE = 10 + 6 * KILLS
MOODS_EACH = 20
YEAR = 2026


@pytest.fixture
def server(tmp_path, mail_server):
    started = Server(
        tmp_path,
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(mail_server.port),
        SMTP_SECURITY="none",
        MAIL_FROM="mood@example.org",
        YEAR_END_MAIL_AT="00:00",
        YEAR_END_KEEP_DAYS="0",  # erased as soon as the mail was taken, so that it shows
        BOUNCE_ADDRESS="bounce@example.org",
    )
    yield started
    started.kill()


def rows(server, statement):
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        return database.execute(statement).fetchall()


def write_years(server):
    """People beside the one who taps, each with moods of the year; returns all by user id."""
    people = range(101, 101 + PEOPLE)
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database, database:
        for who in people:
            database.execute(
                "INSERT INTO users (id, username, email, email_verified_at, first_name, last_name,"
                " zone, created_at, latest_day, open_year, administrator) VALUES (?, ?, ?,"
                " '2026-01-01 00:00:00', 'Ada', '', 'UTC', '2026-01-01 00:00:00', '2026-12-30',"
                " 2026, 0)",
                (who, f"p{who}", f"p{who}@example.org"),
            )
            for number in range(MOODS_EACH):
                day = date(YEAR, 1, 1) + timedelta(days=(who * 7 + number * 11) % 364)
                database.execute(
                    "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap)"
                    " VALUES (?, ?, 1, ?, ?, ?)",
                    (who, day.isoformat(), 1 + number % 5, f"{day} 12:00:00", f"tap{number:08}"),
                )
    return people


def moods_of_the_year(server):
    """Each person's moods of the old year, wherever they are now; None where they are erased."""
    found = {}
    for who, day, mood in rows(server, "SELECT user_id, day, mood FROM entries"):
        if day.startswith(str(YEAR)):
            found.setdefault(who, []).append((day, mood))
    for who, moods in rows(server, "SELECT user_id, moods FROM sealed_years"):
        assert who not in found  # sealed, and in the diary no more
        found[who] = moods and [(day, mood) for day, _, mood, *_ in json.loads(moods)]
    return {who: moods and sorted(moods) for who, moods in found.items()}


def count(server, condition):
    return rows(server, f"SELECT count(*) FROM sealed_years WHERE {condition}")[0][0]


def await_count(server, condition, least):
    """Wait until so many closed years are as the condition says."""
    deadline = time.monotonic() + WAIT_SECONDS
    while count(server, condition) < least:
        assert time.monotonic() < deadline, server.log
        time.sleep(0.001)


def test_a_year_that_is_closed_under_kills_reaches_everybody_and_loses_nothing(server, mail_server):
    chance = random.Random(f"new year {KILLS}")
    server.set_clock(YEAR, 12, 31, 23, 0)
    server.start()
    tapper = Tapper(server, server.register("ada"), chance)
    people = write_years(server)
    tapper.tap_until_cut(6)
    server.kill()
    before = moods_of_the_year(server)
    addresses = {who: f"p{who}@example.org" for who in people} | {1: "ada@example.org"}

    server.set_clock(YEAR + 1, 1, 1, 0, 0, 30)
    tapper.shown.saved = {}  # what was yesterday is closed with the year
    tapper.shown.waits_for = None
    for number in range(KILLS):
        condition = "state IS NOT NULL" if number < KILLS / 3 else "state = 'sent'"
        seen = count(server, condition)
        server.run()
        taps = threading.Thread(target=tapper.tap_until_cut, args=(30,))
        taps.start()
        await_count(server, condition, min(seen + 1, PEOPLE))
        time.sleep(chance.random() / 20)
        server.kill()
        taps.join()
        for who, moods in moods_of_the_year(server).items():
            if moods is None:
                assert addresses[who] in mail_server.recipients()
            else:
                assert moods == before[who]
        server.set_clock(*(server.now() + LEASE + timedelta(minutes=1)).timetuple()[:6])

    server.start()
    await_count(server, "sent_at IS NOT NULL", len(before))
    server.kill()
    server.start()  # which looks at once for what is to be erased, not within a minute
    await_count(server, "erased_at IS NOT NULL", len(before))
    server.kill()
    assert {addresses[who] for who in before} == set(mail_server.recipients())
    doubled = mail_server.doubled()
    assert doubled <= KILLS
    print(f"{KILLS} kills, {len(before)} mails: {doubled} doubled, 0 lost")
