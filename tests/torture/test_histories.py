"""Acts of several pages on the same entries, while parts fail: nothing lost, nothing twice.

Everything that people are told has to be explained by the rules of the day, see
:mod:`support.histories`. MOODTRACKER_SEED=... begins with another seed than the usual one.
"""

from random import Random

import pytest

from moodtracker.database import Database
from support import ordeal
from support.cluster import Cluster
from support.fleet import Fleet
from support.loops import run
from support.ordeal import SEED, Ordeal
from support.rounds import rounds
from support.server import WAIT_SECONDS, Server
from support.tabs import Calendar
from support.zone_data import zone_of_noon

AT_LENGTH = rounds(10) > 20
ACTS = rounds(500)
FEWER_ACTS = rounds(300)
PEOPLE = 10
EVERY = 1.2  # seconds between two acts of a tab
# A busy machine gets its time among all tests; a page that is not told stays as it is for ever.
CONVERGES_WITHIN = 5 if AT_LENGTH else WAIT_SECONDS / 3
LONGEST_FAULT = 20 if AT_LENGTH else 5
KILLS_AMID = rounds(3)
SKEWS = (300, -300, 0)


@pytest.fixture
def cluster():
    made = Cluster()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def migrated(cluster):
    """The cluster's database, ready for use."""
    database = Database(cluster.url.replace("postgresql:", "postgresql+psycopg:"))
    database.migrate()
    yield database
    database.close()


def settings(**more):
    return {"every": EVERY, "converges_within": CONVERGES_WITHIN} | more


def assert_right(report):
    print(f"\n{report}")
    if report.faults:
        pytest.fail(str(report), pytrace=False)


def test_acts_of_several_pages_on_one_server_count_once_though_answers_are_lost(tmp_path):
    server = Server(tmp_path)
    server.start()
    database = Database(f"sqlite:///{tmp_path / 'data' / 'moodtracker.db'}")
    people = ordeal.sign_in(database, [Calendar(zone_of_noon())] * PEOPLE)
    trial = Ordeal(database, {"home": server.url}, people, **settings())
    try:
        assert_right(run(trial.run(FEWER_ACTS)))
    finally:
        database.close()
        server.kill()


def test_acts_on_several_instances_count_once_though_these_are_killed_and_frozen(
    tmp_path, migrated, cluster
):
    people = ordeal.sign_in(migrated, [Calendar(zone_of_noon())] * PEOPLE)

    async def go():
        fleet = Fleet(tmp_path, cluster, Random(SEED), LONGEST_FAULT)
        async with fleet.running():
            trial = Ordeal(migrated, fleet.ways, people, **settings())
            harms = [fleet.freeze_an_instance, fleet.kill_an_instance, fleet.end_connections]
            if AT_LENGTH:
                harms += [fleet.cut_off_an_instance, fleet.freeze_the_database]
            return await trial.run(ACTS, harms)

    assert_right(run(go()))


def test_every_page_shows_what_was_saved_by_an_instance_that_was_killed_right_then(
    tmp_path, migrated, cluster
):
    """Nobody sends it again: whoever acted there is gone as well."""
    people = ordeal.sign_in(migrated, [Calendar(zone_of_noon())] * PEOPLE)

    async def go():
        fleet = Fleet(tmp_path, cluster, Random(SEED), 1)
        async with fleet.running():
            trial = Ordeal(migrated, fleet.ways, people, **settings())

            async def kill_amid(trial):
                name = fleet.some()
                await trial.act_and_leave(name, lambda: fleet.kill(name))

            return await trial.run(2 * PEOPLE, last=[kill_amid] * KILLS_AMID)

    assert_right(run(go()))


def test_only_today_is_written_about_midnight_though_clocks_differ(
    tmp_path, migrated, cluster, monkeypatch
):
    """One instance is five minutes fast, one as slow; the day ends amid the acts."""
    seconds = FEWER_ACTS * EVERY / PEOPLE / ordeal.TABS / 2 + 5
    monkeypatch.setenv("PYTHONTZPATH", str(tmp_path))

    async def go():
        fleet = Fleet(tmp_path, cluster, Random(SEED), LONGEST_FAULT)
        async with fleet.running(SKEWS):
            people = ordeal.sign_in(migrated, [ordeal.midnight_in(seconds, tmp_path)] * PEOPLE)
            trial = Ordeal(migrated, fleet.ways, people, **settings())
            return await trial.run(FEWER_ACTS)

    assert_right(run(go()))
