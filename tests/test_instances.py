import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from moodtracker.database import Database
from moodtracker.instances import Instances
from moodtracker.live import Live
from moodtracker.postgresql import Limits
from support.cluster import Cluster

PATIENCE = 60
SOON = Limits(connect=1, statement=1)


class Instance:
    """One process's live boards, with a page of person 7 open."""

    def __init__(self, database):
        self.live = Live()
        self.told = threading.Semaphore(0)
        self.live.follow(7, self.told.release)
        self.live.follow_gaps(self.told.release)
        self.instances = Instances(database, self.live)
        self.instances.start()
        assert self.told.acquire(timeout=PATIENCE), "it tells its pages once it listens"

    def hears(self):
        return self.told.acquire(timeout=PATIENCE)

    def heard_more(self):
        return self.told.acquire(timeout=0.3)


@pytest.fixture
def database(postgresql_template):
    opened = Database(postgresql_template)
    yield opened
    opened.close()


@pytest.fixture
def own_cluster():
    made = Cluster()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def start(database):
    started = []

    def start_one():
        started.append(Instance(database))
        return started[-1]

    yield start_one
    for each in started:
        each.instances.stop()


def await_words(words, caplog):
    deadline = time.monotonic() + PATIENCE
    while words not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_changes_on_one_instance_reaches_the_pages_of_every_other(start):
    here, there, elsewhere = start(), start(), start()
    here.live.tell(7)
    assert here.hears()
    assert there.hears()
    assert elsewhere.hears()


def test_a_page_hears_of_a_change_once(start):
    here, there = start(), start()
    here.live.tell(7)
    assert here.hears()
    assert there.hears()
    assert not here.heard_more()
    assert not there.heard_more()


def test_nobody_hears_of_other_peoples_changes(start):
    here, there = start(), start()
    here.live.tell(8)
    assert not there.heard_more()


def test_a_connection_that_was_cut_is_made_anew_and_what_was_missed_is_looked_up(start, database):
    here, there = start(), start()
    with database.write() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        )
    assert here.hears()
    assert there.hears()
    here.live.tell(7)
    assert there.hears()


def test_a_change_is_told_here_even_where_the_database_is_away(start, database):
    here = start()
    here.instances._database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    here.live.tell(7)
    assert here.hears()


def test_a_server_that_hangs_is_given_up_and_what_was_missed_is_looked_up(own_cluster, caplog):
    database = Database(own_cluster.url.replace("postgresql:", "postgresql+psycopg:"), SOON)
    here = Instance(database)
    try:
        own_cluster.freeze()
        await_words("out of hearing", caplog)
        own_cluster.thaw()
        assert here.hears()
    finally:
        here.instances.stop()
        database.close()


class Pooler:
    """What is said goes now to one connection, now to another, as in transaction mode."""

    def __init__(self, heard, other):
        self.notifies = heard.notifies
        self._heard, self._other = heard, other

    def execute(self, statement, *values):
        listens = statement.startswith("LISTEN")
        return (self._other if listens else self._heard).execute(statement, *values)


class PooledDatabase(Database):
    @contextmanager
    def own_connection(self):
        with super().own_connection() as one, super().own_connection() as other:
            yield Pooler(one, other)


def test_a_pooler_that_takes_listen_and_brings_nothing_is_named(postgresql_template, caplog):
    database, live = PooledDatabase(postgresql_template), Live()
    told = []
    live.follow_gaps(lambda: told.append(True))
    instances = Instances(database, live)
    instances.start()
    try:
        await_words("name PostgreSQL itself in MOODTRACKER_DATABASE_URL", caplog)
        assert told == []
    finally:
        instances.stop()
        database.close()
