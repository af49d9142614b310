"""`kill -9` at any moment: what a page showed as saved is there, once."""

import random
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from support.rounds import rounds
from support.server import Server
from support.tapping import Tapper, is_explained
from support.zone_data import zone_of_noon

ROUNDS = rounds(100)
TAPS = 30  # a page has at most so many in a round


@pytest.fixture
def server(tmp_path):
    started = Server(tmp_path)
    yield started
    started.kill()


def kept(server):
    """All entries, by person: the mood of each tap, read from a file that is found sound."""
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        people = {}
        for who, slot, mood, tap in database.execute(
            "SELECT user_id, slot, mood, tap FROM entries ORDER BY user_id, slot"
        ):
            people.setdefault(who, {})[tap] = mood
            assert slot in (1, 2)
        return people


def test_every_tap_that_was_shown_as_saved_survives_and_none_is_doubled(server):
    chance = random.Random(f"killed {ROUNDS}")
    server.start()
    zone = zone_of_noon()
    cookies = [server.register(name, zone) for name in ("ada", "bob", "cleo")]
    # Ada taps on two pages at once.
    owners = (1, 1, 2, 3)
    tappers = [Tapper(server, cookies[who - 1], chance) for who in owners]
    kills_amid_taps = 0
    for _ in range(ROUNDS):
        before = sum(tapper.shown.confirmed for tapper in tappers)
        threads = [
            threading.Thread(target=tapper.tap_until_cut, args=(TAPS,)) for tapper in tappers
        ]
        for thread in threads:
            thread.start()
        wanted = before + chance.randint(0, 12)
        while sum(tapper.shown.confirmed for tapper in tappers) < wanted and any(
            thread.is_alive() for thread in threads
        ):
            time.sleep(0.001)
        time.sleep(chance.random() * 0.02)
        server.kill()
        for thread in threads:
            thread.join()
        kills_amid_taps += any(tapper.shown.waits_for for tapper in tappers)
        if chance.random() < 0.2:  # and while it starts
            server.run()
            time.sleep(chance.random() * 0.3)
            server.kill()
        server.start()
        people = kept(server)
        for who in set(owners):
            of_one = [t for t, owner in zip(tappers, owners, strict=True) if owner == who]
            assert is_explained(people.get(who, {}), of_one)
    confirmed = sum(tapper.shown.confirmed for tapper in tappers)
    assert confirmed > ROUNDS
    print(f"{ROUNDS} kills, {kills_amid_taps} amid a tap, {confirmed} taps confirmed, 0 lost")
