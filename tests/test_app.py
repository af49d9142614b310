import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from moodtracker import settings
from moodtracker.accounts import leaving, registration, sessions
from moodtracker.accounts.registration import Registration
from moodtracker.app import App, envelope
from moodtracker.database import Database
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


FOREIGN = {
    "of another program": ["CREATE TABLE notes (a)"],
    "of another program with revisions": [
        "CREATE TABLE notes (a)",
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
        "INSERT INTO alembic_version VALUES ('0001')",
    ],
}


def foreign(file, *statements):
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("statements", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("has_backups", [True, False])
def test_a_database_of_another_program_is_refused_and_left_as_it_is(
    app, tmp_path, statements, has_backups
):
    if has_backups:
        app.backups.keep_up()
    app.close()
    file = tmp_path / "data" / "moodtracker.db"
    file.unlink()
    foreign(file, *statements)
    with pytest.raises(DatabaseError, match="tables of another program"):
        App.open(settings.load(data_dir=tmp_path / "data"))
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'")
        assert tables.fetchone()[0] <= 2
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


@pytest.mark.parametrize("table", ["users", "entries", "installation", "messages"])
def test_a_database_that_has_lost_a_table_is_refused(app, tmp_path, table):
    app.close()
    foreign(tmp_path / "data" / "moodtracker.db", f"DROP TABLE {table}")
    with pytest.raises(DatabaseError, match=f"has lost its table {table}"):
        App.open(settings.load(data_dir=tmp_path / "data"))


def test_a_database_that_is_another_program_s_is_refused_on_postgresql(postgresql_database):
    database = Database(postgresql_database)
    with database.write() as session:
        session.execute(text("CREATE TABLE notes (a int)"))
    with pytest.raises(DatabaseError, match="tables of another program"):
        database.migrate()
    database.close()


NEW = {
    "without a revision": ["CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"],
    "never used": [],
}


@pytest.mark.parametrize("statements", NEW.values(), ids=NEW)
def test_a_new_database_beside_backups_with_people_is_refused_at_every_start(
    app, tmp_path, statements
):
    registration.add(app.database, Registration.check(ADA))
    app.backups.keep_up()
    app.close()
    data = tmp_path / "data"
    (data / "moodtracker.db").unlink()
    if statements:
        foreign(data / "moodtracker.db", *statements)
    else:
        database = Database(f"sqlite:///{data / 'moodtracker.db'}")
        database.migrate()
        database.close()
    for _ in range(2):
        with pytest.raises(DatabaseError, match="is a new one, but there are backups with people"):
            App.open(settings.load(data_dir=data))


def test_a_server_that_nobody_joined_yet_or_that_everybody_left_starts_beside_its_backups(
    app, tmp_path
):
    app.backups.keep_up()
    app.close()
    again = App.open(settings.load(data_dir=tmp_path / "data"))
    who = registration.add(again.database, Registration.check(ADA), administrator=True)
    again.backups.before("leaving")
    leaving.delete_account(again.database, who.id)
    again.close()
    App.open(settings.load(data_dir=tmp_path / "data")).close()


def test_a_key_that_is_made_anew_beside_people_is_said_in_one_line(app, tmp_path, caplog):
    registration.add(app.database, Registration.check(ADA))
    app.close()
    assert "secret key" not in caplog.text
    (tmp_path / "data" / "secret_key").unlink()
    App.open(settings.load(data_dir=tmp_path / "data")).close()
    assert caplog.text.count("there was no secret key, and a new one was made") == 1
    App.open(settings.load(data_dir=tmp_path / "data")).close()
    assert caplog.text.count("there was no secret key") == 1


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
