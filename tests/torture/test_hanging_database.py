"""A PostgreSQL whose processes stand still, though its kernel acknowledges: it is left."""

import threading
import time

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from moodtracker import postgresql
from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.models import UserRow
from moodtracker.postgresql import Limits
from support.cluster import Cluster
from support.open_page import OpenPage
from support.rows import NOW
from support.server import WAIT_SECONDS, Server
from support.tapping import NOT_SAVED, shown_in
from support.waiting import await_that
from support.zone_data import zone_of_noon

PEOPLE = 12  # more than there are threads for taps
SHORT = {"DATABASE_STATEMENT_SECONDS": "1", "DATABASE_CONNECT_SECONDS": "1"}


@pytest.fixture
def primary():
    made = Cluster()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def replica(primary):
    made = Cluster(primary)
    made.start()
    yield made
    made.remove()


@pytest.fixture
def database(primary):
    opened = Database(sqlalchemy_url(primary), Limits(connect=1, statement=1))
    yield opened
    opened.close()


def sqlalchemy_url(cluster):
    return cluster.url.replace("postgresql:", "postgresql+psycopg:")


def test_a_statement_is_given_up_when_the_server_hangs_and_the_connection_with_it(
    primary, database
):
    with database.read() as session:
        session.execute(text("SELECT 1"))
        primary.freeze()
        with pytest.raises(OperationalError, match="no answer for") as given_up:
            session.execute(text("SELECT 1"))
    assert postgresql.is_passing(given_up.value)
    primary.thaw()
    with database.read() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_a_commit_is_given_up_when_the_server_hangs(primary, database):
    def write():
        with database.write() as session:
            session.execute(text("CREATE TABLE made_before (it int)"))
            primary.freeze()

    with pytest.raises(OperationalError, match="no answer for"):
        write()


def test_a_pooled_connection_to_a_server_that_hangs_is_found_out(primary, database):
    with database.read() as session:
        session.execute(text("SELECT 1"))
    primary.freeze()
    with pytest.raises(OperationalError), database.read() as session:
        session.execute(text("SELECT 1"))
    primary.thaw()
    with database.read() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_a_transaction_without_limits_may_last_as_long_as_it_takes(primary, database):
    with database.write() as session:
        postgresql.take_off_limits(session.connection())
        primary.freeze()
        thawing = threading.Timer(8, primary.thaw)  # longer than an ordinary one is waited for
        thawing.start()
        assert session.scalar(text("SELECT 7")) == 7
    thawing.join()


def test_once_a_replica_is_promoted_taps_are_saved_there_though_the_old_primary_still_hangs(
    tmp_path, primary, replica
):
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{replica.port}"
    server = Server(tmp_path, DATABASE_URL=f"postgresql://postgres@{hosts}/postgres", **SHORT)
    server.start()
    try:
        await_copy(replica)
        pages = [OpenPage(server, cookie) for cookie in people(primary)]
        await_copy(replica, people=PEOPLE)
        connected = threading.Barrier(PEOPLE + 1)
        taps = [threading.Thread(target=tap_until_saved, args=(page, connected)) for page in pages]
        for tap in taps:
            tap.start()
        connected.wait(WAIT_SECONDS)  # all are
        primary.freeze()
        connected.wait(WAIT_SECONDS)  # so that all tap
        await_answer(server, "/readyz", 503)
        assert httpx.get(f"{server.url}/healthz", timeout=WAIT_SECONDS).status_code == 200
        replica.promote()
        for tap in taps:
            tap.join(WAIT_SECONDS)
        await_answer(server, "/readyz", 200)
        kept = Database(sqlalchemy_url(replica))
        with kept.read() as session:
            assert session.scalar(text("SELECT count(*) FROM entries")) == PEOPLE
        kept.close()
    finally:
        server.kill()


def people(cluster):
    """So many people who are signed in; their cookies."""
    database = Database(sqlalchemy_url(cluster))
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
    return cookies


def tap_until_saved(page, connected):
    """As a page does: what is not saved yet is sent again."""
    with page.connected() as socket:
        for _ in range(2):
            connected.wait(WAIT_SECONDS)
        tap = page.tap(4)
        socket.event("tap", tap)
        while True:
            said = shown_in(socket.await_words("moodtracker.show"))
            if tap["tap"] in said.get("done", ()):
                return
            if NOT_SAVED in said.get("message", ""):
                time.sleep(0.2)
                socket.event("tap", tap)


def await_copy(replica, people=0):
    """Until the replica has all tables, and so many people."""
    copy = Database(sqlalchemy_url(replica))
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        assert time.monotonic() < deadline
        if copy.is_ready():
            with copy.read() as session:
                if session.scalar(text("SELECT count(*) FROM users")) == people:
                    break
        time.sleep(0.1)
    copy.close()


def await_answer(server, path, status):
    asked = f"{server.url}{path}"
    await_that(lambda: httpx.get(asked, timeout=WAIT_SECONDS).status_code == status)
