import threading
import time

import httpx
import psycopg

from support.cluster import Cluster
from support.server import WAIT_SECONDS, Server

MORE_THAN_THREADS = 40


def test_a_living_and_ready_server_says_so(server):
    assert httpx.get(f"{server.url}/healthz").text == "ok"
    assert httpx.get(f"{server.url}/readyz").status_code == 200


def test_health_is_told_while_every_thread_and_connection_waits_for_the_database(
    tmp_path,
):
    cluster = Cluster()
    cluster.start()
    server = Server(tmp_path, DATABASE_URL=cluster.url, DATABASE_LOCK_SECONDS="60").start()
    answers = []

    def load(cookie):
        got = httpx.get(server.url, cookies={"moodtracker": cookie}, timeout=WAIT_SECONDS)
        answers.append(got.status_code)

    try:
        with psycopg.connect(cluster.url) as blocking:
            blocking.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
            waiting = [
                threading.Thread(target=load, args=(f"1.{number}",))
                for number in range(MORE_THAN_THREADS)
            ]
            for each in waiting:
                each.start()
            await_waiting(cluster)
            # Whatever cookie is brought, whoever asks is not looked up.
            for path in ("/healthz", "/readyz"):
                got = httpx.get(
                    server.url + path, cookies={"moodtracker": "1.x"}, timeout=WAIT_SECONDS
                )
                assert got.status_code == 200
            assert answers == []
            blocking.rollback()
        for each in waiting:
            each.join()
        assert len(answers) == MORE_THAN_THREADS
    finally:
        server.kill()
        cluster.remove()


def await_waiting(cluster):
    """Until somebody waits for the lock."""
    deadline = time.monotonic() + WAIT_SECONDS
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        while not connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
            assert time.monotonic() < deadline
            time.sleep(0.02)
