import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from datetime import date

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from moodtracker.database import Database
from moodtracker.diary import Diary
from moodtracker.instances import Instances
from moodtracker.live import tell
from moodtracker.moods import Mood
from moodtracker.postgresql import Limits
from support.cluster import Cluster

PATIENCE = 60
SOON = Limits(connect=1, statement=1)
TODAY = date(2026, 11, 24)
MARKER = 9  # somebody whose changes show that all that was told before has been heard
KILLED_AFTER_ITS_COMMIT = """
import os, signal, sys
from moodtracker.database import Database
from moodtracker.instances import Instances
from moodtracker.live import tell

database = Database(sys.argv[1])
Instances(database)
database.live.follow(7, lambda: os.kill(os.getpid(), signal.SIGKILL))  # first after the commit
with database.write() as session:
    tell(session, 7)
"""


class Instance:
    """One process's live boards, with a page of person 7 open."""

    def __init__(self, url, limits=None):
        self.database = Database(url, limits)
        self.told = threading.Semaphore(0)
        self.database.live.follow(7, self.told.release)
        self._marked = threading.Semaphore(0)
        self.database.live.follow(MARKER, self._marked.release)
        self.database.live.follow_gaps(self.told.release)
        self.instances = Instances(self.database)
        self.instances.start()
        assert self.told.acquire(timeout=PATIENCE), "it tells its pages once it listens"

    def hears(self):
        return self.told.acquire(timeout=PATIENCE)

    def heard_more(self, from_whom):
        """Whether it hears anything before what ``from_whom`` tells now."""
        from_whom.change(MARKER)
        assert self._marked.acquire(timeout=PATIENCE)
        return self.told.acquire(blocking=False)

    def change(self, user_id):
        with self.database.write() as session:
            tell(session, user_id)

    def stop(self):
        self.instances.stop()
        self.database.close()


@pytest.fixture
def database(postgresql_url):
    opened = Database(postgresql_url)
    yield opened
    opened.close()


@pytest.fixture
def own_cluster():
    made = Cluster()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def start(postgresql_url):
    started = []

    def start_one():
        started.append(Instance(postgresql_url))
        return started[-1]

    yield start_one
    for each in started:
        each.stop()


def await_words(words, caplog):
    deadline = time.monotonic() + PATIENCE
    while words not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_changes_on_one_instance_reaches_the_pages_of_every_other(start):
    here, there, elsewhere = start(), start(), start()
    here.change(7)
    assert here.hears()
    assert there.hears()
    assert elsewhere.hears()


def test_a_page_hears_of_a_change_once(start):
    here, there = start(), start()
    here.change(7)
    assert here.hears()
    assert there.hears()
    assert not here.heard_more(here)
    assert not there.heard_more(here)


def test_nobody_hears_of_other_peoples_changes(start):
    here, there = start(), start()
    here.change(8)
    assert not there.heard_more(here)


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
    here.change(7)
    assert there.hears()


def test_what_was_rolled_back_is_told_to_nobody(start):
    here, there = start(), start()
    with suppress(LookupError), here.database.write() as session:
        tell(session, 7)
        raise LookupError
    assert not there.heard_more(here)
    assert not here.heard_more(here)


def test_a_change_that_cannot_be_told_is_not_made(start, database):
    here = start()

    def unheard(session, user_id):
        session.execute(text("SELECT pg_notify('', '')"))  # a channel without a name

    database.live.pass_on_by(unheard)
    with database.write() as session:
        before = session.scalar(text("SELECT count(*) FROM mail_counts"))

    def change():
        with database.write() as session:
            session.execute(text("INSERT INTO mail_counts (minute, mails) VALUES (now(), 1)"))
            tell(session, 7)

    with pytest.raises(DBAPIError, match="channel name"):
        change()
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM mail_counts")) == before
    assert not here.heard_more(here)


def test_an_instance_that_is_killed_after_its_commit_has_told_the_others(start, postgresql_url):
    there = start()
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_ITS_COMMIT, postgresql_url], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert there.hears()


def test_a_tap_is_one_transaction_with_its_notice(start, join, moved_clock):
    here, there = start(), start()
    ada = join("tapper")
    moved_clock.set(2026, 11, 24, 12)
    heard = threading.Semaphore(0)
    there.database.live.follow(ada.person.id, heard.release)
    used = []

    def count(connection):
        number = connection.exec_driver_sql("SELECT txid_current_if_assigned()").scalar()
        used.append(number)

    event.listen(here.database._writing, "commit", count)
    Diary(here.database).record(ada, TODAY, Mood.GOOD, "tap00001")
    assert heard.acquire(timeout=PATIENCE)
    assert len([number for number in used if number is not None]) == 1


def test_a_server_that_hangs_is_given_up_and_what_was_missed_is_looked_up(own_cluster, caplog):
    here = Instance(own_cluster.url.replace("postgresql:", "postgresql+psycopg:"), SOON)
    try:
        own_cluster.freeze()
        await_words("out of hearing", caplog)
        own_cluster.thaw()
        assert here.hears()
    finally:
        here.stop()


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


def test_a_pooler_that_takes_listen_and_brings_nothing_is_named(postgresql_url, caplog):
    database, told = PooledDatabase(postgresql_url), []
    database.live.follow_gaps(lambda: told.append(True))
    instances = Instances(database)
    instances.start()
    try:
        await_words("name PostgreSQL itself in MOODTRACKER_DATABASE_URL", caplog)
        assert told == []
    finally:
        instances.stop()
        database.close()
