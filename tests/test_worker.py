import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import text

from moodtracker.database import Database
from support.server import ROOT, WAIT_SECONDS, Server
from support.waiting import await_that

ENDED_YEAR = (
    "INSERT INTO users (username, first_name, last_name, zone, created_at, open_year, latest_day) "
    "VALUES ('ada', 'Ada', '', 'UTC', '2020-01-01', 2020, '2020-12-31')"
)

# A machine whose clock nobody vouches for closes no year right after its boot.
BOOTED_LONG_AGO = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from moodtracker import clock
clock.is_synchronised = lambda: True
import main
main.main()
"""


@pytest.fixture
def worker(database, database_url, tmp_path):
    """Starts a process with ROLE=worker over the database."""
    running = []

    def start():
        environment = os.environ | {
            "MOODTRACKER_ROLE": "worker",
            "MOODTRACKER_DATABASE_URL": database_url.replace("+psycopg", ""),
            "MOODTRACKER_DATA_DIR": str(tmp_path),
        }
        command = [sys.executable, "-c", BOOTED_LONG_AGO]
        running.append(subprocess.Popen(command, cwd=tmp_path, env=environment))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


def states(database):
    with database.read() as session:
        return session.scalars(text("SELECT state FROM sealed_years")).all()


def test_a_worker_closes_years_without_serving_and_stops_when_told(worker, database):
    with database.write() as session:
        session.execute(text(ENDED_YEAR))
    process = worker()
    await_that(lambda: states(database))
    assert states(database) == ["empty"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == 0


def test_a_process_for_pages_alone_closes_no_year(tmp_path):
    server = Server(tmp_path, ROLE="web").start()
    database = Database(f"sqlite:///{tmp_path / 'data' / 'moodtracker.db'}")
    with database.write() as session:
        session.execute(text(ENDED_YEAR))
    server.stop()
    server.start()
    server.register("bob")  # it serves
    assert states(database) == []
    server.stop()
    database.close()
