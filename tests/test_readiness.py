import time

import pytest

from moodtracker.database import Database
from moodtracker.postgresql import Limits
from moodtracker.readiness import Readiness
from support.cluster import Cluster

PATIENCE = 60


@pytest.fixture
def watch():
    started = []

    def start(database):
        started.append(Readiness(database))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.stop()


def becomes(readiness, *, ready):
    deadline = time.monotonic() + PATIENCE
    while readiness.is_ready() is not ready:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return True


def test_who_has_not_looked_yet_is_not_ready(database):
    assert not Readiness(database).is_ready()


def test_a_database_that_answers_and_is_migrated_is_found_ready(database, watch):
    assert becomes(watch(database), ready=True)


def test_one_that_is_not_migrated_becomes_ready_once_it_is(tmp_path, watch):
    database = Database(f"sqlite:///{tmp_path}/new.db")
    readiness = watch(database)
    assert not readiness.is_ready()
    database.migrate()
    assert becomes(readiness, ready=True)
    database.close()


def test_where_all_connections_are_taken_it_is_still_known(database, watch):
    with database.write() as session:
        session.connection()
        readiness = watch(database)
        assert becomes(readiness, ready=True)


def test_a_server_that_hangs_is_not_ready_and_the_answer_does_not_wait(watch):
    cluster = Cluster()
    cluster.start()
    database = Database(
        cluster.url.replace("postgresql:", "postgresql+psycopg:"), Limits(connect=1)
    )
    try:
        database.migrate()
        readiness = watch(database)
        assert becomes(readiness, ready=True)
        cluster.freeze()
        assert becomes(readiness, ready=False)
        cluster.thaw()
        assert becomes(readiness, ready=True)
        cluster.stop()
        assert becomes(readiness, ready=False)
        cluster.start()
        assert becomes(readiness, ready=True)
    finally:
        database.close()
        cluster.remove()
