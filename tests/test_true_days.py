"""A day in the database is a day, whoever writes it, and an upgrade keeps what is there."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from moodtracker.backups import take
from moodtracker.database import Database
from support.rows import entry, person

DAYS = [("users", "latest_day"), ("users", "reminded_on"), ("entries", "day"), ("acts", "day")]
NO_DAYS = [
    *("junk", "2026-02-29", "2026-2-3", "2026-11-24 12:00", "now", ""),
    *("0000-01-01", "-0001-01-01", "-2026-01-01", "10000-01-01"),
    *("infinity", "0044-03-15 BC"),
]
STORED = Path(__file__).parent / "fixtures" / "databases"


@pytest.fixture
def filled(database):
    with database.write() as session:
        session.add(person(1))
        session.flush()
        session.add(entry(1, 1))
        session.execute(
            text("INSERT INTO acts (user_id, tap, day, outcome) VALUES (1, 't', :day, 'done')"),
            {"day": "2026-11-24"},
        )
    return database


@pytest.mark.parametrize("no_day", NO_DAYS)
@pytest.mark.parametrize(("table", "column"), DAYS)
def test_what_is_no_day_is_refused_by_the_database_itself(filled, table, column, no_day):
    if no_day in ("2026-2-3", "2026-11-24 12:00", "now") and not filled.is_sqlite:
        return  # PostgreSQL makes a day of it
    # By the statement itself: a value that is given would be checked by its type before.
    statement = text(f"UPDATE {table} SET {column} = '{no_day}'")
    with pytest.raises((DBAPIError, StatementError)), filled.write() as session:
        session.execute(statement)


@pytest.mark.parametrize(("table", "column"), DAYS)
def test_a_day_is_taken(filled, table, column):
    with filled.write() as session:
        session.execute(text(f"UPDATE {table} SET {column} = '2028-02-29'"))
        found = session.execute(text(f"SELECT {column} FROM {table}")).scalars().all()
    assert [str(day) for day in found] == ["2028-02-29"]


@pytest.mark.parametrize("revision", ["0001", "0004", "0005"])
def test_an_upgrade_keeps_every_row_also_one_whose_day_is_none(tmp_path, revision):
    file = tmp_path / "moodtracker.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((STORED / f"{revision}.sqlite.sql").read_text())
        connection.execute(
            "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap)"
            " SELECT min(id), 'junk', 1, 4, '2026-01-01 12:00:00', 'damaged' FROM users"
        )
        connection.commit()
        before = connection.execute("SELECT user_id, day, slot, mood FROM entries").fetchall()
    database = Database(f"sqlite:///{file}")
    database.migrate()
    with database.read() as session:
        after = session.execute(text("SELECT user_id, day, slot, mood FROM entries")).all()
    assert sorted(map(tuple, after)) == sorted(before)
    with pytest.raises(DBAPIError), database.write() as session:
        session.execute(text("UPDATE entries SET day = 'trash' WHERE day <> 'junk'"))
    database.close()
    # And it can be backed up as well.
    assert take(file, tmp_path / "backup.db").moods == len(before)


def test_a_year_that_no_calendar_has_stays_through_an_upgrade_and_is_not_written_anew(
    empty_database,
):
    no_day = "0000-01-01" if empty_database.is_sqlite else "infinity"
    empty_database.migrate("0011")
    with empty_database.write() as session:
        session.execute(
            text(
                "INSERT INTO users (id, username, first_name, last_name, zone, created_at,"
                " latest_day)"
                f" VALUES (1, 'ada', 'Ada', '', 'UTC', '2026-01-01 00:00:00', '{no_day}')"
            )
        )
    empty_database.migrate()
    with empty_database.read() as session:
        kept = "SELECT CAST(latest_day AS text) FROM users"
        assert session.scalar(text(kept)) == no_day
    with pytest.raises(DBAPIError), empty_database.write() as session:
        session.execute(text(f"UPDATE users SET reminded_on = '{no_day}'"))


def test_a_username_with_what_cannot_be_seen_becomes_the_one_that_is_looked_up(empty_database):
    empty_database.migrate("0010")
    names = ["ada", "a\ufe0fda", "b\u034fob", "ß\u0301x", "eve"]
    with empty_database.write() as session:
        for name in names:
            session.execute(
                text(
                    "INSERT INTO users (username, first_name, last_name, zone, created_at)"
                    " VALUES (:name, 'Ada', '', 'UTC', '2026-01-01 00:00:00')"
                ),
                {"name": name},
            )
    empty_database.migrate()
    with empty_database.read() as session:
        found = session.execute(text("SELECT username FROM users ORDER BY id")).scalars().all()
    assert found == ["ada", "ada-2", "bob", "sśx", "eve"]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request, tmp_path):
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'old.db'}"
    opened = Database(url if is_sqlite else request.getfixturevalue("postgresql_database"))
    yield opened
    opened.close()


def test_a_day_that_is_read_is_what_was_written(filled):
    with filled.read() as session:
        (day,) = session.execute(text("SELECT day FROM entries")).scalars()
    assert date.fromisoformat(str(day))
