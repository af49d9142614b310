"""Starts beside a process that opens and closes the same database all the while."""

import os
import subprocess
import sys

import pytest

from moodtracker.backups import take
from moodtracker.checks import database as check
from moodtracker.database import Database
from moodtracker.settings import load
from support.server import ROOT

# The last one to close the database takes its log and index away, whoever is just looking at them.
OPEN_AND_CLOSE = """
import sys
from threading import Event, Thread
from moodtracker.database import Database
told_to_end = Event()
Thread(target=lambda: (sys.stdin.read(), told_to_end.set())).start()
while not told_to_end.is_set():
    database = Database(sys.argv[1])
    assert database.is_ready()
    database.close()
    print(end=".", flush=True)
"""


@pytest.fixture
def address(tmp_path):
    """The database that two processes open and close."""
    address = f"sqlite:///{tmp_path / 'moodtracker.db'}"
    database = Database(address)
    database.migrate()
    database.close()
    others = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_CLOSE, address],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for other in others:
        assert other.stdout.read(1) == b"."
    yield address
    for other in others:
        assert len(other.communicate()[0]) > 10
        assert other.returncode == 0


def test_a_start_beside_a_process_that_closes_the_database_is_like_any_other(address, tmp_path):
    for number in range(100):
        database = Database(address)
        database.migrate()
        with database.write() as session:
            session.connection().exec_driver_sql("UPDATE users SET zone = 'UTC'")
        database.close()
        if number % 10 == 0:
            take(tmp_path / "moodtracker.db", tmp_path / f"backup-{number}.db")
            (found,) = check.look(load(data_dir=tmp_path))
            assert "up to date" in str(found), found
