import threading

import pytest
from sqlalchemy import text

from moodtracker.database import Database
from moodtracker.instances import Instances
from moodtracker.live import Live

PATIENCE = 10


class Instance:
    """One process's live boards, with a page of person 7 open."""

    def __init__(self, database):
        self.live = Live()
        self.told = threading.Semaphore(0)
        self.live.follow(7, self.told.release)
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
def start(database):
    started = []

    def start_one():
        started.append(Instance(database))
        return started[-1]

    yield start_one
    for each in started:
        each.instances.stop()


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
