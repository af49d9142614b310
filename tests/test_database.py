import multiprocessing
import sqlite3
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, text
from sqlalchemy.exc import IntegrityError

from moodtracker import migrations
from moodtracker.database import Database
from moodtracker.database_trouble import DatabaseError
from moodtracker.models import ActRow, EntryRow, SealedYearRow, SessionRow, UserRow, metadata

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[1]
SECRET = "s3cret-of-the-house"
TABLES = {"alembic_version", *(table.name for table in metadata.sorted_tables)}


def person(username="ada"):
    return UserRow(
        username=username,
        email=f"{username}@example.org",
        first_name="Ada",
        password_hash="-",
        zone="UTC",
        created_at=NOW,
    )


def add(database, username="ada"):
    with database.write() as session:
        row = person(username)
        session.add(row)
        session.flush()
        return row.id


def usernames(session):
    return sorted(session.scalars(text("SELECT username FROM users")))


@contextmanager
def opened(url):
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A database of this test's own with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server, name = request.getfixturevalue("postgresql_template"), f"mood_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield f"{server.rsplit('/', 1)[0]}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def empty(empty_url):
    with opened(empty_url) as database:
        yield database


@pytest.fixture
def sqlite(sqlite_template, tmp_path):
    file = tmp_path / "moodtracker.db"
    file.write_bytes(sqlite_template.read_bytes())
    with opened(f"sqlite:///{file}") as database:
        yield database


# Migrations


def test_migrating_again_changes_nothing(empty):
    empty.migrate()
    add(empty)
    empty.migrate()
    with empty.read() as session:
        assert usernames(session) == ["ada"]
        assert set(inspect(session.connection()).get_table_names()) == TABLES


def test_the_migrated_schema_is_that_of_the_models(database):
    with database.read() as session:
        context = MigrationContext.configure(
            session.connection(), opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_the_migrated_constraints_are_those_of_the_models(empty_url):
    with opened(empty_url) as migrated, opened(empty_url) as made:
        migrated.migrate()
        found = rules(migrated)
        with made.write() as session:
            session.execute(text("DROP TABLE alembic_version"))
            metadata.drop_all(session.connection())
            metadata.create_all(session.connection())
        assert rules(made) == found
    of_entries = ["ck_entries_day", "ck_entries_mood", "ck_entries_note", "ck_entries_slot"]
    assert found["entries"][0] == of_entries


def rules(database):
    with database.read() as session:
        inspector = inspect(session.connection())
        return {
            table: (
                sorted(check["name"] for check in inspector.get_check_constraints(table)),
                [(key["name"], key["options"]) for key in inspector.get_foreign_keys(table)],
                inspector.get_pk_constraint(table)["constrained_columns"],
                sorted(
                    unique["column_names"] for unique in inspector.get_unique_constraints(table)
                ),
            )
            for table in sorted(TABLES - {"alembic_version"})
        }


def test_a_database_of_the_first_schema_is_upgraded_with_every_row(empty):
    """Tables are copied on SQLite: neither rows, nor what hangs on them, nor ids may get lost."""
    empty.migrate("0001")
    with empty.write() as session:
        for number in range(1, 4):
            session.execute(FIRST_PERSON, {"name": f"person{number}", "now": NOW})
            session.execute(FIRST_SESSION, {"id": number, "now": NOW})
            session.execute(FIRST_ENTRY, {"id": number, "day": date(2026, 11, 24), "now": NOW})
            session.execute(FIRST_SEALED, {"id": number, "now": NOW})
        session.execute(text("DELETE FROM users WHERE id = 3"))
    before = {table: rows(empty, table) for table in ("users", "sessions", "entries")}
    empty.migrate()
    for table, kept in before.items():
        columns = [name for name in kept[0]._fields if name != "founder"]  # it has its own place
        was = [tuple(row._mapping[name] for name in columns) for row in kept]
        assert rows(empty, table, columns) == was
    assert len(rows(empty, "sealed_years")) == 2
    assert add(empty, "newcomer") > 3
    with empty.write() as session, pytest.raises(IntegrityError):
        session.execute(text("INSERT INTO sessions (user_id, token_hash) VALUES (99, 'x')"))


FIRST_PERSON = text(
    "INSERT INTO users (username, email, first_name, last_name, password_hash, zone, open_year,"
    " created_at) VALUES (:name, :name, 'Ada', '', '-', 'UTC', 2026, :now)"
)
FIRST_SESSION = text(
    "INSERT INTO sessions (user_id, token_hash, created_at, seen_at) VALUES (:id, 'h', :now, :now)"
)
FIRST_ENTRY = text(
    "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap)"
    " VALUES (:id, :day, 1, 4, :now, 'tap')"
)
FIRST_SEALED = text(
    "INSERT INTO sealed_years (user_id, year, zone, moods, state, sealed_at, due_at, next_try_at,"
    " message_id) VALUES (:id, 2025, 'UTC', '[]', 'pending', :now, :now, :now, '<m>')"
)


def rows(database, table, columns=("*",)):
    with database.read() as session:
        return session.execute(text(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1")).all()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty):
    empty.migrate()
    with empty.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer version of Moodtracker"):
        empty.migrate()
    assert not empty.is_ready()
    with empty.read() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_failed_migration_does_not_keep_others_from_migrating(request, empty):
    empty.migrate()
    with empty.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError):
        empty.migrate()
    if not empty.is_sqlite:
        with empty.read() as session:
            held = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE "
            held += "locktype = 'advisory' AND datname = current_database()"
            assert session.scalar(text(held)) == 0


def test_a_failed_migration_leaves_the_old_state(empty):
    with empty.write() as session:
        session.execute(text("CREATE TABLE entries (x INTEGER)"))
    with pytest.raises(Exception, match="entries"):
        empty.migrate()
    with empty.read() as session:
        assert "users" not in inspect(session.connection()).get_table_names()


def _migrate(url, results):
    database = Database(url)
    try:
        database.migrate()
        results.put("migrated")
    except Exception as error:
        results.put(repr(error))
    finally:
        database.close()


# Two that open a new file at once: which of them is refused, and whether, is a matter of luck.


def test_processes_that_migrate_one_empty_database_at_once_all_succeed(request, empty_url):
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    processes = [spawn.Process(target=_migrate, args=(empty_url, results)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [results.get() for _ in processes] == ["migrated"] * 3
    with opened(empty_url) as database:
        assert database.is_ready()


@pytest.mark.parametrize("round_", range(5))
def test_threads_that_migrate_one_empty_database_at_once_all_succeed(request, empty_url, round_):
    barrier, results = threading.Barrier(4), []

    def migrate():
        barrier.wait()
        with opened(empty_url) as database:
            try:
                database.migrate()
            except Exception as error:
                results.append(repr(error))

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == []


def test_a_new_file_that_another_process_is_writing_is_waited_for(tmp_path):
    file = tmp_path / "moodtracker.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    soon = threading.Timer(0.3, other.execute, ["COMMIT"])
    soon.start()
    try:
        with opened(f"sqlite:///{file}") as database:
            database.migrate()
            assert database.is_ready()
    finally:
        soon.join()
        other.close()


# Ready or not


def test_a_migrated_database_is_ready(database):
    assert database.is_ready()


def test_a_database_without_tables_is_not_ready(empty):
    assert not empty.is_ready()
    empty.migrate()
    assert empty.is_ready()


def test_a_database_of_another_version_is_not_ready(empty):
    empty.migrate()
    with empty.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert not empty.is_ready()


def test_a_database_out_of_reach_is_not_ready_and_the_log_keeps_its_secrets(caplog):
    with opened(f"postgresql+psycopg://ada:{SECRET}@127.0.0.1:1/mood") as database:
        assert not database.is_ready()
    assert "does not answer" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_is_removed_or_replaced_is_written_to_no_more(sqlite, tmp_path, replaced):
    add(sqlite)
    for file in tmp_path.glob("moodtracker.db*"):
        file.unlink()
    if replaced:
        (tmp_path / "moodtracker.db").touch()
    assert not sqlite.is_ready()
    with pytest.raises(DatabaseError, match="was removed or replaced"):
        add(sqlite, "bob")


def test_a_postgresql_out_of_reach_is_said_without_its_password():
    url = f"postgresql+psycopg://ada:{SECRET}@127.0.0.1:1/mood"
    with opened(url) as database, pytest.raises(DatabaseError) as said:
        database.migrate()
    assert "does not open" in str(said.value)
    assert "127.0.0.1" in str(said.value)
    assert_plain(said.value)


def test_a_postgresql_that_refuses_the_name_is_said_without_its_password(postgresql_template):
    url = postgresql_template.rsplit("/", 1)[0] + "/no_such_database"
    with opened(url) as database, pytest.raises(DatabaseError, match="no_such_database") as said:
        database.migrate()
    assert_plain(said.value)


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/dev/null", "/dev/null/deeper"])
def test_a_folder_that_cannot_be_made_is_said_with_what_helps(folder):
    with pytest.raises(DatabaseError, match="MOODTRACKER_DATA_DIR") as said:
        Database(f"sqlite:///{folder}/moodtracker.db")
    assert folder in str(said.value)
    assert_plain(said.value)


def test_a_folder_in_place_of_the_file_is_said(tmp_path):
    with opened(f"sqlite:///{tmp_path}") as database, pytest.raises(DatabaseError) as said:
        database.migrate()
    assert_plain(said.value)


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "moodtracker.db").write_bytes(b"this is no database " * 500)
    url = f"sqlite:///{tmp_path / 'moodtracker.db'}"
    with opened(url) as database, pytest.raises(DatabaseError) as said:
        database.migrate()
    assert_plain(said.value)


def test_an_address_that_cannot_be_read_is_said():
    with pytest.raises(DatabaseError) as said:
        Database(f"postgresql+psycopg://ada:{SECRET}@db:port/mood")
    assert_plain(said.value)


def assert_plain(error):
    assert SECRET not in str(error)
    assert "sqlalche.me" not in str(error)
    assert "\n" not in str(error)
    assert error.__suppress_context__ or error.__context__ is None


def test_the_folder_of_the_file_is_made(tmp_path):
    with opened(f"sqlite:///{tmp_path}/a/b/moodtracker.db") as database:
        database.migrate()
        assert (tmp_path / "a/b/moodtracker.db").is_file()


def test_the_database_tells_which_one_it_is(database):
    name, version = database.version().split(" ", 1)
    assert name == ("SQLite" if database.is_sqlite else "PostgreSQL")
    assert version[0].isdigit()


# Reading and writing


@pytest.mark.parametrize("use", ["read", "write"])
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("synchronous", 2),
        ("busy_timeout", 10_000),
        ("secure_delete", 1),
    ],
)
def test_every_connection_to_sqlite_is_set_up(sqlite, use, pragma, value):
    with getattr(sqlite, use)() as session:
        assert session.scalar(text(f"PRAGMA {pragma}")) == value


def test_what_is_not_committed_cannot_be_seen(database):
    with database.write() as writing:
        writing.add(person())
        writing.flush()
        with database.read() as reading:
            assert usernames(reading) == []
    with database.read() as reading:
        assert usernames(reading) == ["ada"]


def test_a_reader_sees_one_state_throughout(request, database):
    with database.read() as reading:
        assert usernames(reading) == []
        add(database)
        assert usernames(reading) == []


def test_a_reader_changes_nothing(database):
    with database.read() as reading:
        reading.add(person())
        reading.flush()
    with database.read() as reading:
        assert usernames(reading) == []


def test_writing_is_undone_on_an_exception(database):
    def write():
        with database.write() as session:
            session.add(person())
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    with database.read() as session:
        assert usernames(session) == []
    add(database)  # and the connection is free again


def test_writing_is_undone_whole_where_one_statement_is_refused(database):
    def write():
        with database.write() as session:
            session.add(person())
            session.flush()
            session.execute(text("UPDATE users SET day_end_hour = 6"))

    with pytest.raises(IntegrityError):
        write()
    with database.read() as session:
        assert usernames(session) == []


def test_writers_of_one_process_take_turns(database):
    def write(n):
        for i in range(5):
            add(database, f"user{n}x{i}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert len(usernames(session)) == 20


def test_a_moment_comes_back_as_it_went_in_aware_and_in_utc(database):
    add(database)
    with database.read() as session:
        moment = session.scalar(UserRow.__table__.select().with_only_columns(UserRow.created_at))
    assert moment == NOW
    assert moment.utcoffset().total_seconds() == 0


# Deleting


def fill(database, username):
    """Somebody with a row in every table."""
    user_id = add(database, username)
    sealed = {"zone": "UTC", "moods": "[]", "state": "pending", "message_id": f"<{username}>"}
    with database.write() as session:
        session.execute(
            insert(SessionRow).values(
                user_id=user_id, token_hash=f"hash-{username}", created_at=NOW, seen_at=NOW
            )
        )
        session.execute(
            insert(EntryRow).values(
                user_id=user_id,
                day=date(2026, 11, 24),
                slot=1,
                mood=4,
                recorded_at=NOW,
                tap=f"tap-{username}",
            )
        )
        session.execute(
            insert(ActRow).values(
                user_id=user_id, tap=f"tap-{username}", day=date(2026, 11, 24), outcome="done"
            )
        )
        session.execute(
            insert(SealedYearRow).values(
                user_id=user_id, year=2025, sealed_at=NOW, due_at=NOW, next_try_at=NOW, **sealed
            )
        )
    return user_id


def test_deleting_a_person_deletes_their_rows_in_every_table_and_nobody_elses(database):
    ada, bob = fill(database, "ada"), fill(database, "bob")
    with database.write() as session:
        session.execute(text("DELETE FROM users WHERE id = :ada"), {"ada": ada})
    owned = [table for table in metadata.sorted_tables if table.foreign_keys]
    assert [table.name for table in owned] == ["acts", "entries", "sealed_years", "sessions"]
    with database.read() as session:
        for table in owned:
            assert session.scalars(table.select().with_only_columns(table.c.user_id)).all() == [bob]


def test_the_id_of_a_person_who_left_is_never_used_again(database):
    left = add(database, "ada")
    with database.write() as session:
        session.execute(text("DELETE FROM users"))
    assert add(database, "bob") > left


def test_nothing_of_what_is_deleted_stays_in_the_files(sqlite, tmp_path):
    mark = "recognisable-lovelace"
    for n in range(30):
        fill(sqlite, f"{mark}-{n}")
    fill(sqlite, "remains")
    assert mark.encode() in in_the_files(tmp_path)
    with sqlite.write() as session:
        session.execute(text("DELETE FROM users WHERE username LIKE :mark"), {"mark": f"{mark}%"})
    sqlite.forget_deleted()
    found = in_the_files(tmp_path)
    assert mark.encode() not in found
    assert b"remains" in found


def test_nothing_of_what_is_overwritten_stays_in_the_files(sqlite, tmp_path):
    ada = fill(sqlite, "ada")
    sealed = "recognisable-moods-" * 500  # more than a page
    update = text("UPDATE sealed_years SET moods = :moods WHERE user_id = :ada")
    for moods in (sealed, None):
        with sqlite.write() as session:
            session.execute(update, {"ada": ada, "moods": moods})
    sqlite.forget_deleted()
    assert b"recognisable-moods" not in in_the_files(tmp_path)


def in_the_files(folder):
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def test_the_log_beside_the_file_is_empty_once_the_deleted_is_forgotten(sqlite, tmp_path):
    add(sqlite)
    sqlite.forget_deleted()
    assert (tmp_path / "moodtracker.db-wal").stat().st_size == 0
    with sqlite3.connect(tmp_path / "moodtracker.db") as other:
        assert other.execute("SELECT username FROM users").fetchall() == [("ada",)]
    other.close()


def test_forgetting_what_is_deleted_is_postgresqls_own_business(database):
    add(database)
    database.forget_deleted()
    with database.read() as session:
        assert usernames(session) == ["ada"]


def test_each_migration_is_named_by_its_revision():
    scripts = list(ScriptDirectory(str(migrations.FOLDER)).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == migrations.REVISIONS


def test_a_start_with_nothing_to_migrate_loads_neither_alembic_nor_postgresqls_driver(tmp_path):
    url = f"sqlite:///{tmp_path}/moodtracker.db"
    with opened(url) as database:
        database.migrate()
    start = (
        "import sys, main; from moodtracker.database import Database;"
        f" Database({url!r}).migrate();"
        " sys.exit(', '.join({'alembic', 'psycopg'} & set(sys.modules)) or None)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", start], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
