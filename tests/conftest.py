"""What tests share: real databases, a clock that can be moved, people who are signed in."""

import gc
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import httpx
import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from sqlalchemy import delete, text

from moodtracker import clock, partitions
from moodtracker.accounts import passwords, registration, sessions
from moodtracker.accounts.registration import Registration
from moodtracker.accounts.sessions import SignedIn
from moodtracker.database import Database
from moodtracker.diary import Diary
from moodtracker.live import Live
from moodtracker.models import metadata
from support.addresses import verify_address
from support.mail_server import MailServer
from support.needs import missing
from support.waiting import WAIT_SECONDS

POSTGRESQL = os.environ.get(
    "MOODTRACKER_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test"
)
PASSWORD = "correct horse battery staple"

# httpx reads all of the world's certificates for each request, 20 ms long: here once for all.
httpx._transports.default.create_ssl_context = lru_cache(
    httpx._transports.default.create_ssl_context
)

# And it gives up after 5 seconds, which a page may take on a busy machine.
for _what in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _what, WAIT_SECONDS)

settings.register_profile(
    "moodtracker",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("moodtracker")


def pytest_collection_finish() -> None:
    """`main.py` is for processes of their own: here its garbage would be kept to the end."""
    assert gc.isenabled(), "a module of tests has imported main.py"


class MovableClock:
    """Stands where it was set; code under test sees it through ``clock.now()``.

    Where it moves, time has passed, unless it is said to :meth:`jump`. The machine has been running
    for a while, and nobody knows whether its clock is synchronised.
    """

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
        self.synchronised: bool | None = None
        self._started = self.moment - timedelta(days=2)

    def set(self, *when: int) -> datetime:
        """Set the time, in UTC: ``set(2026, 12, 31, 23, 58)``."""
        self.moment = datetime(*when, tzinfo=UTC)
        return self.moment

    def jump(self, by: timedelta) -> None:
        """Show another time, without any having passed."""
        self.moment += by
        self._started += by

    def start_machine(self) -> None:
        """The machine was off until this moment."""
        self._started = self.moment

    def now(self) -> datetime:
        return self.moment

    def uptime(self) -> float:
        return (self.moment - self._started).total_seconds()

    def is_synchronised(self) -> bool | None:
        return self.synchronised


@pytest.fixture
def moved_clock(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    movable = MovableClock()
    monkeypatch.setattr(clock, "now", movable.now)
    monkeypatch.setattr(clock, "agreed", lambda _shown: movable.now())
    monkeypatch.setattr(clock, "uptime", movable.uptime)
    monkeypatch.setattr(clock, "is_synchronised", movable.is_synchronised)
    return movable


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id takes 64 MiB on purpose; most tests are about something else."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", quick)
    passwords._nobodys_hash.cache_clear()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "moodtracker.db"
    database = Database(f"sqlite:///{file}")
    database.migrate()
    database.forget_deleted()
    database.close()
    return file


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of this test process's own."""
    with _postgresql_database() as url:
        database = Database(url)
        database.migrate()
        database.close()
        yield url


@pytest.fixture
def postgresql_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database of one test's own."""
    with _postgresql_database() as url:
        yield url


@contextmanager
def _postgresql_database() -> Iterator[str]:
    name = f"moodtracker_test_{uuid.uuid4().hex[:12]}"
    try:
        server = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=WAIT_SECONDS)
    except psycopg.OperationalError:
        missing("a PostgreSQL server (MOODTRACKER_TEST_POSTGRESQL)")
    with server:
        server.execute(f'CREATE DATABASE "{name}"')
        server.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # it is not kept
        url = POSTGRESQL.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://", 1)
        yield f"{url}/{name}"
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def partitioned_template() -> Iterator[str]:
    """The URL of another one, whose tables are split by person."""
    with _postgresql_database() as url:
        database = Database(url)
        database.migrate()
        partitions.split(database, parts=3)
        database.close()
        yield url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs a database on each kind; rules (``splits``) on split tables as well."""
    if "database_url" in metafunc.fixturenames:
        kinds = ["sqlite", "postgresql"]
        if metafunc.definition.get_closest_marker("splits"):
            kinds.append("partitioned")
        metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database of each kind in turn."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "moodtracker.db")
        return f"sqlite:///{tmp_path / 'moodtracker.db'}"
    url: str = request.getfixturevalue(f"{request.param}_template")
    _empty(url)
    return url


@pytest.fixture(scope="module")
def postgresql_url(postgresql_template: str) -> str:
    """A migrated PostgreSQL database that is empty before the first test of a module."""
    _empty(postgresql_template)
    return postgresql_template


def _empty(url: str) -> None:
    """Take out what other tests left, up to the last time that they saw (D4)."""
    database = Database(url)
    with database.write() as session:
        # Quicker than TRUNCATE, which makes a new file for each table, index and part.
        for table in reversed(metadata.sorted_tables):
            session.execute(delete(table))
        session.execute(text("SELECT setval('users_id_seq', 1, false)"))
    database.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def live(database: Database) -> Live:
    return database.live


@pytest.fixture
def diary(database: Database) -> Diary:
    return Diary(database)


Join = Callable[..., SignedIn]


@pytest.fixture
def join(database: Database) -> Join:
    """Registers somebody, whose address is verified, and signs them in: ``join("ada", "UTC")``."""

    def register(
        username: str = "ada", zone: str = "UTC", *, verified: bool = True, **more: str
    ) -> SignedIn:
        form = {
            "username": username,
            "email": f"{username}@example.org",
            "first_name": username.capitalize(),
            "password": PASSWORD,
            "zone": zone,
        }
        person = registration.register(database, "open", Registration.check(form | more))
        if verified:
            verify_address(database, username)
        who = sessions.find(database, sessions.open_session(database, person.id))
        assert who is not None
        return who

    return register


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A real SMTP server that takes every mail until it is told otherwise."""
    server = MailServer().start()
    yield server
    server.stop()
