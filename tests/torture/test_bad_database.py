"""PostgreSQL loses its power amid taps: a page is told the truth, and loses nothing."""

import random
import threading
import time

import httpx
import psycopg
import pytest

from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.models import UserRow
from support.cluster import Cluster
from support.rounds import rounds
from support.rows import NOW
from support.server import WAIT_SECONDS, Server
from support.tapping import Tapper, is_explained
from support.waiting import await_that
from support.zone_data import zone_of_noon

RESTARTS = rounds(2)
PEOPLE = 3


@pytest.fixture
def cluster():
    made = Cluster()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def server(tmp_path, cluster):
    started = Server(tmp_path, DATABASE_URL=cluster.url)
    yield started.start()
    started.kill()


@pytest.fixture
def tappers(server, cluster):
    """People who tap, one page each."""
    database = Database(cluster.url.replace("postgresql:", "postgresql+psycopg:"))
    cookies = []
    for number in range(PEOPLE):
        with database.write() as session:
            row = UserRow(
                username=f"p{number}", first_name="Ada", zone=zone_of_noon(), created_at=NOW
            )
            session.add(row)
            session.flush()
            who = row.id
        cookies.append(sessions.open_session(database, who))
    database.close()
    return [Tapper(server, cookie, random.Random(cookie)) for cookie in cookies]


def kept(cluster):
    people = {number: {} for number in range(1, PEOPLE + 1)}
    with psycopg.connect(cluster.url) as connection:
        for who, tap, mood in connection.execute("SELECT user_id, tap, mood FROM entries"):
            people[who][tap] = mood
    return people


def confirmed(tappers):
    return sum(tapper.shown.confirmed for tapper in tappers)


def tap_meanwhile(tappers, harm, times):
    """Let everybody tap while ``harm`` is done so many times, each amid their taps."""
    stop = threading.Event()
    threads = [threading.Thread(target=tapper.tap_until, args=(stop,)) for tapper in tappers]
    for thread in threads:
        thread.start()
    chance = random.Random(times)
    for _ in range(times):
        enough = confirmed(tappers) + 2 * PEOPLE
        await_that(lambda enough=enough: confirmed(tappers) >= enough)
        time.sleep(chance.random() / 50)
        harm()
    stop.set()
    for thread in threads:
        thread.join()


def assert_nothing_is_lost(server, cluster, tappers):
    people = kept(cluster)
    for number, tapper in enumerate(tappers, start=1):
        assert tapper.shown.waits_for is None
        assert is_explained(people[number], [tapper])
    assert "Traceback" not in server.settled_log()
    await_readiness(server, 200)


def await_readiness(server, status):
    """Until /readyz says so: it is looked at twice a second, apart from what people do."""
    asked = f"{server.url}/readyz"
    await_that(lambda: httpx.get(asked, timeout=WAIT_SECONDS).status_code == status)


def test_a_database_that_loses_its_power_amid_taps_keeps_what_was_shown_as_saved(
    server, cluster, tappers
):
    def restart():
        cluster.stop("immediate")
        before = sum(tapper.told_to_wait for tapper in tappers)
        await_that(lambda: sum(tapper.told_to_wait for tapper in tappers) > before)  # they are told
        assert httpx.get(f"{server.url}/healthz", timeout=WAIT_SECONDS).status_code == 200
        await_readiness(server, 503)
        cluster.start()

    tap_meanwhile(tappers, restart, RESTARTS)
    assert_nothing_is_lost(server, cluster, tappers)
    server.await_log("the database server:")
    told = sum(tapper.told_to_wait for tapper in tappers)
    print(f"{RESTARTS} restarts, {confirmed(tappers)} taps saved, {told} told to wait")
