"""Databases as released versions left them come up to date with every row."""

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, text

from moodtracker.database import Database
from moodtracker.models import metadata

RELEASED = {"0001", "0004", "0005"}  # the schemas with which a version was handed out
STORED = sorted((Path(__file__).parent / "fixtures" / "databases").glob("*.sql"))


@pytest.fixture(params=STORED, ids=lambda file: file.name.removesuffix(".sql"))
def stored(request, tmp_path):
    """A stored database, opened."""
    sql = request.param.read_text()
    if request.param.name.endswith(".sqlite.sql"):
        with closing(sqlite3.connect(tmp_path / "moodtracker.db")) as connection:
            connection.executescript(sql)
        opened = Database(f"sqlite:///{tmp_path / 'moodtracker.db'}")
        yield opened
        opened.close()
        return
    server, name = request.getfixturevalue("postgresql_template"), f"mood_{uuid.uuid4().hex[:12]}"
    address = f"{server.rsplit('/', 1)[0]}/{name}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        with psycopg.connect(address.replace("+psycopg", "")) as filling:
            filling.execute(sql)
        opened = Database(address)
        yield opened
        opened.close()
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def rows(database):
    """All rows by table, each by its columns."""
    with database.read() as session:
        found = MetaData()
        found.reflect(session.connection())
        return {
            table.name: [
                dict(row._mapping)
                for row in session.execute(table.select().order_by(*table.primary_key))
            ]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }


def test_a_stored_database_is_upgraded_with_every_row(stored):
    before = rows(stored)
    assert all(before.values())
    stored.migrate()
    assert stored.is_ready()
    after = rows(stored)
    for table, kept in before.items():
        still = [
            {name: row[name] for name in old if name in row and not is_found_out(name, old)}
            for old, row in zip(kept, after[table], strict=True)
        ]
        assert still == [
            {
                name: value
                for name, value in old.items()
                if name in after[table][0] and not is_found_out(name, old)
            }
            for old in kept
        ]


def is_found_out(name, old):
    """Whether an upgrade may tell what an older version had left out."""
    if name == "downloaded_at":  # 0007: it may have been a picture, or half a file
        return old["moods"] is not None
    return name == "open_year" and old[name] is None


def test_a_stored_database_has_the_schema_of_the_models_after_its_upgrade(stored):
    stored.migrate()
    with stored.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        if stored.is_sqlite:
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []


def test_each_released_revision_is_stored_for_both_databases():
    """A revision is stored when it is released, with tests/fixtures/databases/store.py."""
    names = {file.name for file in STORED}
    assert {f"{old}.{kind}.sql" for old in RELEASED for kind in ("sqlite", "postgresql")} <= names


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_year_with_entries_that_was_not_noted_as_open_is_from_then_on(kind, request, tmp_path):
    is_sqlite = kind == "sqlite"
    file = f"sqlite:///{tmp_path / 'moodtracker.db'}"
    old = Database(file if is_sqlite else request.getfixturevalue("postgresql_database"))
    old.migrate("0004")
    with old.write() as session:
        for number in (1, 2):
            session.execute(
                text(
                    "INSERT INTO users (id, username, first_name, last_name, zone, created_at)"
                    f" VALUES ({number}, 'person{number}', 'Ada', '', 'UTC', '2026-01-01')"
                )
            )
        session.execute(
            text(
                "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap)"
                " VALUES (1, '2026-01-01', 1, 4, '2026-01-01 12:00:00', 'tap00001')"
            )
        )
    old.migrate()
    with old.read() as session:
        found = session.execute(text("SELECT open_year FROM users ORDER BY id")).scalars()
        assert list(found) == [2026, None]
    old.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_notes_of_years_that_are_here_are_counted_and_downloads_of_them_not_believed(
    kind, request, tmp_path
):
    is_sqlite = kind == "sqlite"
    file = f"sqlite:///{tmp_path / 'moodtracker.db'}"
    old = Database(file if is_sqlite else request.getfixturevalue("postgresql_database"))
    old.migrate("0006")
    moods = {
        2020: None,
        2021: "[]",
        2022: '[["2022-01-01", 1, 4, "2022-01-01T12:00:00+00:00"]]',
        2023: '[["2023-01-01", 1, 4, "2023-01-01T12:00:00+00:00", "\\u00fc"],'
        ' ["2023-01-01", 2, 4, "2023-01-01T12:00:00+00:00"],'
        ' ["2023-01-02", 1, 4, "2023-01-02T12:00:00+00:00", "two"]]',
        2024: "damaged",
    }
    with old.write() as session:
        session.execute(
            text(
                "INSERT INTO users (id, username, first_name, last_name, zone, created_at,"
                " notes_in_mail) VALUES (1, 'ada', 'Ada', '', 'UTC', '2026-01-01', true),"
                " (2, 'bob', 'Bob', '', 'UTC', '2026-01-01', false)"
            )
        )
        for year, packed in moods.items():
            session.execute(
                text(
                    "INSERT INTO sealed_years (user_id, year, zone, moods, state, sealed_at,"
                    " due_at, next_try_at, message_id, sent_at, downloaded_at) VALUES (1, :year,"
                    " 'UTC', :moods, 'sent', '2026-01-01', '2026-01-01', '2026-01-01', 'm',"
                    " '2026-01-01', '2026-01-01')"
                ),
                {"year": year, "moods": packed},
            )
        for day, note in (("2025-12-31", "old"), ("2026-02-01", "new"), ("2026-02-02", "")):
            session.execute(
                text(
                    "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap, note)"
                    " VALUES (1, :day, 1, 4, '2026-01-01 12:00:00', 'tap00001', :note)"
                ),
                {"day": day, "note": note},
            )
    old.migrate()
    with old.read() as session:
        found = session.execute(
            text(
                "SELECT year, notes, notes_mailed, downloaded_at IS NULL FROM sealed_years"
                " ORDER BY year"
            )
        )
        assert [tuple(row) for row in found] == [
            (2020, 0, False, False),
            (2021, 0, False, True),
            (2022, 0, False, True),
            (2023, 2, False, True),
            (2024, 0, False, True),
        ]
        asked = text("SELECT noted_year, notes_answered_at, notes_in_mail FROM users ORDER BY id")
        assert [tuple(row) for row in session.execute(asked)] == [
            (2026, None, True),
            (None, None, False),
        ]
    old.close()


def test_a_server_with_people_has_had_its_first_administrator(stored):
    stored.migrate()
    with stored.read() as session:
        founded, joined = session.execute(
            text(
                "SELECT (SELECT founded_at FROM installation), (SELECT min(created_at) FROM users)"
            )
        ).one()
    assert founded == joined
