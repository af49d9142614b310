import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moodtracker import postgresql
from moodtracker.database import Database
from moodtracker.migrations import running
from moodtracker.postgresql import Limits
from support.server import free_port

PATIENCE = 30


@pytest.fixture
def database(postgresql_url) -> Iterator[Database]:
    opened = Database(postgresql_url, Limits(connections=4, statement=50, lock=40, idle=30))
    yield opened
    opened.close()


@pytest.fixture
def counter(database) -> Iterator[Database]:
    """A table with one row that counts."""
    with database.write() as session:
        session.execute(text("CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL)"))
        session.execute(text("INSERT INTO counter VALUES (1, 0), (2, 0)"))
    yield database
    with database.write() as session:
        session.execute(text("DROP TABLE counter"))


def count(database, number=1):
    with database.read() as session:
        return session.scalar(text("SELECT n FROM counter WHERE id = :id"), {"id": number})


def add(session, number=1):
    session.execute(text("UPDATE counter SET n = n + 1 WHERE id = :id"), {"id": number})


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ("postgresql+psycopg://ada:pw@a:5432,b:5433/mood", ("a:5432", "b:5433")),
        ("postgresql+psycopg://ada:pw@a,b/mood", ("a:5432", "b:5432")),
        ("postgresql+psycopg://a,b,c/mood", ("a:5432", "b:5432", "c:5432")),
        ("postgresql+psycopg://ada:pw@/mood?host=a:5432&host=b:5432", ("a:5432", "b:5432")),
    ],
)
def test_of_several_hosts_the_one_that_can_be_written_to_is_asked_for(given, hosts):
    url = postgresql.address(given)
    assert url.query["host"] == hosts
    assert url.query["target_session_attrs"] == "read-write"
    assert url.database == "mood"


def test_an_address_may_ask_for_another_kind_of_host():
    url = postgresql.address("postgresql+psycopg://a,b/mood?target_session_attrs=any")
    assert url.query["target_session_attrs"] == "any"


@pytest.mark.parametrize(
    "given", ["sqlite:////data/a%2Cb.db", "postgresql+psycopg://a/mood?x=1%2C2"]
)
def test_an_address_of_one_host_stays_as_it_is(given):
    assert postgresql.address(given).render_as_string() == given


def test_a_host_that_is_not_there_is_passed_over(postgresql_url):
    scheme, _, rest = postgresql_url.partition("://")
    login, _, place = rest.rpartition("@")
    host, _, name = place.partition("/")
    database = Database(f"{scheme}://{login}@127.0.0.1:{free_port()},{host}/{name}")
    assert database.is_ready()
    with database.write() as session:
        assert session.scalar(text("SHOW transaction_read_only")) == "off"
    database.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "50s"),
        ("lock_timeout", "40s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("application_name", "moodtracker"),
    ],
)
def test_every_connection_has_its_limits(database, name, value):
    with database.read() as session:
        assert session.scalar(text(f"SHOW {name}")) == value


def test_a_statement_that_takes_too_long_is_ended(postgresql_url):
    database = Database(postgresql_url, Limits(statement=1))
    with pytest.raises(DBAPIError, match="statement timeout"), database.read() as session:
        session.execute(text("SELECT pg_sleep(60)"))
    database.close()


def test_a_migration_has_no_time_limit(database, monkeypatch):
    seen = []
    monkeypatch.setattr(
        running,
        "upgrade",
        lambda connection, _: seen.append(connection.scalar(text("SHOW statement_timeout"))),
    )
    database.migrate("head")
    assert seen == ["0"]


def test_what_met_a_deadlock_is_done_again(counter):
    meeting = threading.Barrier(2)

    def act(first, second):
        tries = []

        def once():
            with counter.write() as session:
                add(session, first)
                if not tries:
                    tries.append(True)
                    meeting.wait(PATIENCE)
                add(session, second)

        counter.repeat(once)

    threads = [threading.Thread(target=act, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (count(counter, 1), count(counter, 2)) == (2, 2)


def test_what_lost_its_connection_is_done_again(counter, database_killer):
    tries = []

    def act():
        with counter.write() as session:
            add(session)
            if not tries:
                tries.append(True)
                database_killer(session)
            session.execute(text("SELECT 1"))

    counter.repeat(act)
    assert count(counter) == 1


def test_connections_that_died_while_nobody_used_them_are_not_noticed(counter, database_killer):
    with counter.write() as session:
        database_killer(session, at_once=False)
    with counter.write() as session:
        add(session)
    assert count(counter) == 1


def test_what_is_wrong_is_not_tried_again(counter):
    tries = []

    def act():
        tries.append(True)
        with counter.write() as session:
            session.execute(text("INSERT INTO counter VALUES (1, 0)"))

    with pytest.raises(DBAPIError, match="counter_pkey"):
        counter.repeat(act)
    assert len(tries) == 1


def test_what_never_goes_well_ends(database):
    tries = []

    def act():
        tries.append(True)
        with database.read() as session:
            session.execute(text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))

    with pytest.raises(DBAPIError):
        database.repeat(act)
    assert len(tries) == 4


@pytest.fixture
def database_killer(postgresql_url):
    """Ends the server's side of a session's connection, now or once it is given back."""
    other = Database(postgresql_url)

    def kill(session, *, at_once=True):
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        if not at_once:
            session.commit()
        with other.write() as killing:
            killing.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})

    yield kill
    other.close()
