"""One damaged value in one person's rows closes nobody's board, and breaks no list of everybody."""

import sqlite3
from contextlib import closing

import httpx
import pytest

from support.server import NO_TLS, WAIT_SECONDS


def damage(server, *statements):
    """Write as an older version, or another program, could."""
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


DAMAGES = [
    "UPDATE users SET latest_day = '0000-01-01'",
    "UPDATE users SET reminded_on = '-0001-01-01'",
    "UPDATE users SET open_year = 0",
    "UPDATE acts SET day = '-2026-01-01'",
    "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap)"
    " SELECT id, '0000-05-05', 1, 3, '2026-01-01 10:00:00', 'damaged1' FROM users",
    # Of this year as texts go, and before today: what older versions let in.
    "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap)"
    " SELECT id, strftime('%Y', 'now') || '-01-00', 1, 3, '2026-01-01 10:00:00', 'damaged1'"
    " FROM users",
]


@pytest.mark.parametrize("damaged", DAMAGES)
def test_a_damaged_day_closes_nobody_s_board(make_server, damaged):
    server = make_server().start()
    cookie = {"moodtracker": server.register("ada")}
    server.register("bob")
    damage(server, damaged + (" WHERE username = 'ada'" if "users" in damaged else ""))
    for path in ("/", "/settings", "/admin", "/moods.json", "/board.svg"):
        answer = httpx.get(server.url + path, cookies=cookie, timeout=WAIT_SECONDS, verify=NO_TLS)
        assert answer.status_code == 200, path
    told = server.command("user", "list")
    assert told.returncode == 0, told.stderr
    assert [line.split("\t")[0] for line in told.stdout.splitlines()] == ["ada", "bob"]


def test_who_cannot_be_read_at_all_is_passed_over_in_lists(make_server):
    server = make_server().start()
    cookie = {"moodtracker": server.register("ada")}
    server.register("bob")
    damage(
        server,
        "UPDATE users SET created_at = 'junk', visited_at = 'junk',"
        " notes_answered_at = 'junk' WHERE username = 'bob'",
    )
    answer = httpx.get(f"{server.url}/admin", cookies=cookie, timeout=WAIT_SECONDS, verify=NO_TLS)
    assert answer.status_code == 200
    told = server.command("user", "list")
    assert told.stdout.startswith("ada\t")
    assert "the record of person number 2 is damaged" in told.stderr
