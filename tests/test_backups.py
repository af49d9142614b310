import multiprocessing
import os
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update

from moodtracker.backups import BackupError, Backups, look_at, take
from moodtracker.database import Database
from moodtracker.models import EntryRow, SealedYearRow
from moodtracker.restoring import restore
from support.needs import missing
from support.rows import entry, person, sealed_year

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path, sqlite_template):
    shutil.copy(sqlite_template, tmp_path / "moodtracker.db")
    return tmp_path / "moodtracker.db"


@pytest.fixture
def database(file):
    opened = Database(f"sqlite:///{file}")
    yield opened
    opened.close()


@pytest.fixture
def kept(file, moved_clock):
    """The daily backups of the file, on 24 November."""
    return Backups(file, file.parent / "backups", 7)


def add(database, *rows):
    with database.write() as session:
        for row in rows:
            session.add(row)
            session.flush()


def taps_in(file):
    with closing(sqlite3.connect(file)) as connection:
        return {tap for (tap,) in connection.execute("SELECT tap FROM entries")}


def names(kept):
    return [found.name for found in kept.all()]


# Taking


def test_a_backup_tells_what_it_holds_and_is_for_its_owner_alone(database, file, tmp_path):
    add(database, person(1), person(2), entry(1, 1), entry(1, 2), sealed_year(2, 2025))
    made = take(file, tmp_path / "mine.db")
    assert str(made) == "people 2, moods 2, closed years 1"
    assert look_at(made.file) == made
    assert made.file.stat().st_mode & 0o777 == 0o600


def test_a_backup_under_fifty_writes_a_second_holds_every_acknowledged_write(file, tmp_path):
    database = Database(f"sqlite:///{file}")
    add(database, person(1))
    acknowledged, enough = [], threading.Event()

    def write():
        day = date(2026, 1, 1).toordinal()
        while not enough.wait(1 / 60):
            tap = f"tap-{len(acknowledged)}"
            number = len(acknowledged)
            with database.write() as session:
                found = {"user_id": 1, "day": date.fromordinal(day + number // 2)}
                session.execute(
                    insert(EntryRow).values(
                        **found, slot=number % 2 + 1, mood=4, recorded_at=NOW, tap=tap
                    )
                )
            acknowledged.append(tap)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            while len(acknowledged) < 30 * (number + 1):
                time.sleep(0.01)
            before = set(acknowledged)
            made = take(file, tmp_path / f"backup-{number}.db")
            assert before <= taps_in(made.file)
    finally:
        enough.set()
        writer.join()
    database.close()
    last = take(file, tmp_path / "last.db").file
    assert taps_in(last) == set(acknowledged)


def test_what_was_deleted_is_in_no_backup(database, file, tmp_path):
    words = "a-tap-that-nobody-should-find"
    add(database, person(1), entry(1, 1, tap=words))
    with database.write() as session:
        session.execute(text("DELETE FROM entries"))
    assert words.encode() not in take(file, tmp_path / "mine.db").file.read_bytes()


def test_a_file_that_is_there_already_is_left_alone(database, file, tmp_path):
    (tmp_path / "mine.db").write_text("precious")
    with pytest.raises(BackupError, match="is there already"):
        take(file, tmp_path / "mine.db")
    assert (tmp_path / "mine.db").read_text() == "precious"


def test_a_backup_that_cannot_be_made_leaves_nothing_behind(database, file, tmp_path):
    with pytest.raises(BackupError, match="No such file or directory"):
        take(file, tmp_path / "nowhere" / "mine.db")
    file.write_bytes(b"\0" * 5000)
    with pytest.raises(BackupError):
        take(file, tmp_path / "mine.db")
    assert not list(tmp_path.glob("*mine.db*"))


def test_a_backup_of_nothing_is_said(tmp_path):
    with pytest.raises(BackupError, match="There is no database"):
        take(tmp_path / "none.db", tmp_path / "mine.db")


# Looking


def test_a_file_that_is_no_backup_is_said(tmp_path):
    (tmp_path / "letter").write_text("dear diary, " * 1000)
    with pytest.raises(BackupError, match="damaged or no database"):
        look_at(tmp_path / "letter")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE recipes (name)")
    with pytest.raises(BackupError, match="no backup of Moodtracker"):
        look_at(tmp_path / "other.db")
    with pytest.raises(BackupError, match="There is no file"):
        look_at(tmp_path / "none")


def test_a_damaged_backup_is_said(database, file, tmp_path):
    add(database, person(1), *(entry(1, slot, day) for slot in (1, 2) for day in range(1, 29)))
    made = take(file, tmp_path / "mine.db").file
    content = bytearray(made.read_bytes())
    content[8192 : len(content) // 2] = os.urandom(len(content) // 2 - 8192)
    made.write_bytes(content)
    with pytest.raises(BackupError, match="damaged"):
        look_at(made)


# Every day


def test_one_backup_is_made_each_day_and_seven_are_kept(database, kept, moved_clock):
    for day in range(1, 11):
        for hour in (0, 9, 23):
            moved_clock.set(2026, 11, day, hour)
            kept.keep_up()
    assert names(kept) == [f"moodtracker-2026-11-{day:02}.db" for day in range(10, 3, -1)]
    assert kept.all()[0].parent.stat().st_mode & 0o777 == 0o700


def test_other_files_among_the_backups_are_left_alone(database, kept, moved_clock):
    kept.keep_up()
    own = kept.all()[0].with_name("moodtracker-of-mine.db")
    own.write_text("precious")
    for day in range(1, 20):
        moved_clock.set(2026, 12, day)
        kept.keep_up()
    assert own.read_text() == "precious"
    assert len(names(kept)) == 7


def test_backups_that_are_off_are_not_made(database, file, moved_clock):
    off = Backups(file, file.parent / "backups", 0)
    off.keep_up()
    assert off.before("upgrade") is None
    assert not (file.parent / "backups").exists()


def test_a_damaged_database_pushes_out_no_good_backup(database, file, kept, moved_clock, caplog):
    add(database, person(1))
    for day in range(1, 8):
        moved_clock.set(2026, 11, day)
        kept.keep_up()
    database.close()
    file.write_bytes(b"\0" * 5000)
    moved_clock.set(2026, 11, 8)
    kept.keep_up()
    assert "no backup was made: " in caplog.text
    assert len(names(kept)) == 7
    assert look_at(kept.all()[-1]).people == 1


@pytest.mark.parametrize("keep", [7, 0])
def test_a_backup_is_dropped_once_the_server_forgot_a_year_that_it_holds(
    database, file, kept, moved_clock, keep
):
    add(database, person(1), entry(1, 1, 31, month=12))
    moved_clock.set(2026, 12, 31)
    kept.keep_up()  # holds the year as entries
    with database.write() as session:
        session.execute(text("DELETE FROM entries"))
        session.add(sealed_year(1, 2026))
    moved_clock.set(2027, 1, 1)
    kept.keep_up()  # holds it sealed
    assert len(names(kept)) == 2
    with database.write() as session:
        session.execute(update(SealedYearRow).values(moods=None, erased_at=NOW))
        session.add(entry(1, 1, year=2027))
    moved_clock.set(2027, 1, 2)
    Backups(file, file.parent / "backups", keep).keep_up()
    assert names(kept) == (["moodtracker-2027-01-02.db"] if keep else [])


def test_a_backup_with_another_persons_year_is_kept(database, kept, moved_clock):
    add(database, person(1), person(2), sealed_year(2, 2025), entry(2, 1))
    kept.keep_up()
    erased = sealed_year(1, 2026)
    erased.moods, erased.erased_at = None, NOW
    add(database, erased)
    kept.drop_old()
    assert len(names(kept)) == 1


# Restoring


def test_a_restored_database_holds_what_the_backup_held(database, file, kept, tmp_path):
    add(database, person(1), entry(1, 1, tap="then"))
    made = take(file, tmp_path / "mine.db").file
    add(database, entry(1, 2, tap="since"))
    database.close()
    restore(made, file, kept, overwrite=True)
    assert taps_in(file) == {"then"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert taps_in(kept.all()[0]) == {"then", "since"}
    assert "before-restore" in kept.all()[0].name


def test_restoring_where_nothing_is_needs_no_leave(database, file, kept, tmp_path):
    add(database, person(1))
    made = take(file, tmp_path / "mine.db").file
    restore(made, tmp_path / "new" / "moodtracker.db", kept)
    assert look_at(tmp_path / "new" / "moodtracker.db").people == 1


def test_restoring_over_something_has_to_be_said(database, file, kept, tmp_path):
    add(database, person(1))
    made = take(file, tmp_path / "mine.db").file
    add(database, person(2))
    database.close()
    with pytest.raises(BackupError, match="--overwrite"):
        restore(made, file, kept)
    assert look_at(file).people == 2


def test_restoring_under_a_running_app_is_refused(database, file, kept, tmp_path):
    add(database, person(1))
    made = take(file, tmp_path / "mine.db").file
    add(database, person(2))
    with pytest.raises(BackupError, match="is running"):
        restore(made, file, kept, overwrite=True)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM users")) == 2


def test_a_backup_of_a_newer_version_is_refused(database, file, kept, tmp_path):
    made = take(file, tmp_path / "mine.db").file
    with closing(sqlite3.connect(made)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    with pytest.raises(BackupError, match="newer version"):
        restore(made, tmp_path / "new.db", kept)
    assert not (tmp_path / "new.db").exists()


def test_a_backup_of_an_older_version_is_brought_up_to_date(kept, tmp_path, moved_clock):
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    old.migrate("0001")
    old.close()
    restore(tmp_path / "old.db", tmp_path / "new.db", kept)
    new = Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert new.is_ready()
    new.close()


def test_a_backup_takes_the_place_of_a_damaged_database(database, file, kept, tmp_path):
    add(database, person(1))
    made = take(file, tmp_path / "mine.db").file
    database.close()
    file.write_bytes(b"not a database " * 400)
    restore(made, file, kept, overwrite=True)
    assert look_at(file).people == 1
    assert kept.all()[0].read_bytes().startswith(b"not a database")


def test_nothing_is_left_of_the_log_beside_the_database_that_was(file, kept, tmp_path):
    """A log of the old file would be read into the new one."""
    writing = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(file,))
    made = take(file, tmp_path / "mine.db").file
    writing.start()
    writing.join()
    assert Path(f"{file}-wal").stat().st_size > 0
    restore(made, file, kept, overwrite=True)
    assert not Path(f"{file}-wal").exists()
    assert look_at(file).people == 0
    assert look_at(kept.all()[0]).people == 1


def _write_and_die(file):
    database = Database(f"sqlite:///{file}")
    with database.write() as session:
        session.add(person(1))
    os._exit(9)


def test_root_gives_the_restored_file_to_the_owner_of_its_folder(database, file, kept, tmp_path):
    if os.geteuid() != 0:
        missing("the rights of root")
    made = take(file, tmp_path / "mine.db").file
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", 10001, 10001)
    restore(made, tmp_path / "data" / "moodtracker.db", kept)
    assert (tmp_path / "data" / "moodtracker.db").stat().st_uid == 10001
