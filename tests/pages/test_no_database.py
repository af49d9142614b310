"""A database server that takes nobody: plain words, and when to come again."""

import httpx
import psycopg
import pytest

from support.server import NO_TLS, PASSWORD, WAIT_SECONDS

ASKED = [
    ("GET", "/login", {}),
    ("POST", "/login", {"login": "ada", "password": PASSWORD}),
    ("POST", "/forgot", {"login": "ada"}),
]


@pytest.fixture
def cut_off(make_server, mail_server, postgresql_database):
    """A server whose database takes no connections any more, also none that were there."""
    server = make_server(**mail_server.settings, DATABASE_URL=postgresql_database).start()
    address, _, name = postgresql_database.replace("+psycopg", "").rpartition("/")
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
    yield server
    server.stop()


def test_whoever_comes_meanwhile_is_told_in_words_and_when_to_come_again(cut_off):
    for cookies in ({}, {"moodtracker": f"1.{'x' * 43}"}):
        with httpx.Client(
            base_url=cut_off.url, cookies=cookies, timeout=WAIT_SECONDS, verify=NO_TLS
        ) as client:
            for method, path, given in ASKED:
                answer = client.request(method, path, data=given or None)
                assert answer.status_code == 503, (method, path)
                assert int(answer.headers["retry-after"]) > 0
                assert "Something went wrong" in answer.text
    log = cut_off.settled_log()
    assert "the database server:" in log
    assert "Exception in ASGI application" not in log
