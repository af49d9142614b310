import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from moodtracker import settings
from moodtracker.accounts import registration, sessions
from moodtracker.accounts.registration import Registration
from moodtracker.app import App, envelope
from moodtracker.database_trouble import DatabaseError
from support.waiting import await_that

ADA = {
    "username": "ada",
    "email": "ada@example.org",
    "first_name": "Ada",
    "password": "correct horse battery staple",
    "zone": "UTC",
}


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = App.open(settings.load(data_dir=tmp_path / "data"))
    yield opened
    opened.close()


def test_opening_makes_a_database_that_is_ready(app, tmp_path):
    assert app.database.is_ready()
    assert (tmp_path / "data" / "moodtracker.db").exists()


def without_tables(file):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


LOST = {
    "gone": lambda file: None,
    "empty": lambda file: file.touch(),
    "one byte": lambda file: file.write_bytes(b"\0"),
    "a line": lambda file: file.write_text("\n"),
    "no tables": without_tables,
}


@pytest.mark.parametrize("lose", LOST.values(), ids=LOST)
def test_a_database_that_is_gone_while_backups_are_there_is_refused(app, tmp_path, lose):
    app.backups.keep_up()
    app.close()
    file = tmp_path / "data" / "moodtracker.db"
    file.unlink()
    lose(file)
    was_there = file.exists()
    (newest,) = app.backups.all()
    with pytest.raises(DatabaseError, match=f"moodtracker restore {newest}"):
        App.open(settings.load(data_dir=tmp_path / "data"))
    assert file.exists() == was_there


def count(app, table):
    with app.database.read() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}"))


def is_done(app):
    with app.database.read() as session:
        state = session.scalar(text("SELECT state FROM sealed_years"))
    return (count(app, "sessions"), state) == (0, "empty")


def test_the_clock_closes_years_and_forgets_old_sessions_at_the_start(app, moved_clock):
    moved_clock.moment = datetime.now(UTC)
    with app.database.write() as session:
        session.execute(
            text(
                "INSERT INTO users (username, email, first_name, last_name, password_hash, zone, "
                "created_at, open_year, latest_day) VALUES ('ada', 'ada@example.org', 'Ada', '', "
                "'x', 'UTC', '2020-01-01', 2020, '2020-12-31')"
            )
        )
        session.execute(
            text(
                "INSERT INTO sessions (user_id, token_hash, created_at, seen_at) "
                "VALUES (1, 'x', '2020-01-01 00:00:00', '2020-01-01 00:00:00')"
            )
        )
    ticks = app.ticks()
    ticks.start()
    try:
        await_that(lambda: is_done(app))
    finally:
        ticks.stop()


def test_a_clock_in_doubt_ends_no_session(app, moved_clock):
    person = registration.add(app.database, Registration.check(ADA))
    sessions.open_session(app.database, person.id)
    assert app.clock_watch.is_believed()
    moved_clock.jump(timedelta(days=70))
    app.clean_up()
    assert count(app, "sessions") == 1
    app.clock_watch.confirm()
    app.clean_up()
    assert count(app, "sessions") == 0


def test_message_ids_end_with_the_senders_domain_or_else_with_the_servers():
    given = {"smtp_host": "mail", "mail_from": "Mood <mood@example.org>"}
    assert envelope(settings.load(**given)).domain == "example.org"
    assert envelope(settings.load(base_url="https://mood.home.example")).domain == (
        "mood.home.example"
    )
