"""What is there when a backup takes its place is kept whole, wherever that breaks off."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from moodtracker import sqlite_files
from moodtracker.backups import BackupError, Backups, look_at, take
from moodtracker.database import Database
from moodtracker.database_trouble import DatabaseError
from moodtracker.restoring import restore
from support.needs import missing
from support.rows import entry, person
from support.server import ROOT

WRITE_AND_DIE = """
import os, sys
from moodtracker.database import Database
from support.rows import entry, person
database = Database(f"sqlite:///{sys.argv[1]}")
with database.write() as session:
    session.add(person(1))
    session.flush()
    session.add(entry(1, 1, tap="written last"))
os._exit(9)
"""

HOLD = """
import sys
from moodtracker.database import Database
database = Database(f"sqlite:///{sys.argv[1]}")
database.is_ready()
print("open", flush=True)
sys.stdin.read()
"""

STEPS = ("open", "os.rename", "os.remove", "sqlite3.connect")


def python(code, *words):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def home(tmp_path):
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def backup(tmp_path, sqlite_template):
    """A backup that holds one tap, ``then``."""
    file = tmp_path / "source.db"
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    with database.write() as session:
        session.add(person(1))
        session.flush()
        session.add(entry(1, 1, tap="then"))
    database.close()
    return take(file, tmp_path / "mine.db").file


@pytest.fixture(scope="module")
def killed_once(tmp_path_factory, sqlite_template):
    """The database of a process that was killed: what it wrote last is in the log alone."""
    file = tmp_path_factory.mktemp("killed") / "moodtracker.db"
    shutil.copy(sqlite_template, file)
    python(WRITE_AND_DIE, file)
    assert b"written last" not in file.read_bytes()
    assert b"written last" in Path(f"{file}-wal").read_bytes()
    return file


@pytest.fixture
def killed(home, killed_once):
    """A copy of it, for one test."""
    shutil.copytree(killed_once.parent, home, dirs_exist_ok=True)
    return home / killed_once.name


def restore_killed_at(die_at, backup, target):
    """Restore in a process that is killed at a step: whatever touches a file here is one.

    Returns what it ended with.
    """
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    steps = 0

    def step(event, words):
        nonlocal steps
        if event in STEPS and str(target.parent) in str(words):
            steps += 1
            if steps == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(step)
        restore(backup, target, backups_of(target), overwrite=True)
    except BaseException:
        os._exit(1)
    os._exit(0)


def backups_of(file):
    return Backups(file, file.parent / "backups", 7)


def contents(file):
    return {
        part.name.removeprefix(file.name): part.read_bytes()
        for part in (file, *sqlite_files.beside(file))
        if part.exists()
    }


def taps(file, folder):
    """What a database holds, with its log: read from a copy, so that it stays as it is."""
    folder.mkdir()
    for part in (file, *sqlite_files.beside(file)):
        if part.exists():
            shutil.copy(part, folder / part.name)
    with closing(sqlite3.connect(folder / file.name)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {tap for (tap,) in connection.execute("SELECT tap FROM entries")}


def damage(file):
    file.write_bytes(b"not a database " * 400)


def damage_inside(file):
    content = bytearray(file.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    file.write_bytes(content)


def empty(file):
    file.write_bytes(b"")


def lose(file):
    file.unlink()


def change_nothing(file):
    pass


@pytest.mark.parametrize("harm", [change_nothing, damage, damage_inside, empty, lose])
def test_what_was_there_is_kept_byte_for_byte_with_the_log_beside_it(killed, backup, harm):
    harm(killed)
    before = contents(killed)
    restore(backup, killed, backups_of(killed), overwrite=True)
    assert look_at(killed).moods == 1
    assert set(contents(killed)) == {""}
    (name,) = {
        file.name.partition(".db")[0] for file in killed.with_name("backups").glob("*before-*")
    }
    assert contents(killed.parent / "backups" / f"{name}.db") == before


def test_what_was_set_aside_comes_back_with_what_was_written_last(killed, backup, tmp_path):
    kept = backups_of(killed)
    restore(backup, killed, kept, overwrite=True)
    (aside,) = kept.all()
    before = contents(aside)
    assert look_at(aside).moods == 1
    assert {end: contents(aside)[end] for end in ("", "-wal")} == {
        end: before[end] for end in ("", "-wal")
    }
    restore(aside, killed, kept, overwrite=True)
    assert taps(killed, tmp_path / "copy") == {"written last"}


def test_two_restores_of_the_same_second_keep_both(killed, backup, moved_clock):
    kept = backups_of(killed)
    for _ in range(2):
        restore(backup, killed, kept, overwrite=True)
    assert len(kept.all()) == 2


def test_a_log_without_its_database_is_no_free_place(killed, backup):
    lose(killed)
    before = contents(killed)
    with pytest.raises(BackupError, match="--overwrite"):
        restore(backup, killed, backups_of(killed))
    assert contents(killed) == before


@pytest.mark.parametrize("harm", [empty, lose])
def test_a_start_on_an_emptied_or_lost_file_leaves_its_log_and_says_so(killed, harm):
    harm(killed)
    before = contents(killed)
    with pytest.raises(DatabaseError, match="the log beside it"):
        Database(f"sqlite:///{killed}")
    assert contents(killed) == before


def test_a_backup_or_its_failure_leaves_the_database_and_its_log_as_they_were(killed, tmp_path):
    before = contents(killed)
    assert look_at(take(killed, tmp_path / "whole.db").file).moods == 1
    assert contents(killed)[""] == before[""]
    assert contents(killed)["-wal"] == before["-wal"]
    damage(killed)
    before = contents(killed)
    with pytest.raises(BackupError):
        take(killed, tmp_path / "damaged.db")
    assert contents(killed) == before


def test_killed_at_any_step_the_database_is_the_old_one_or_the_new_and_the_old_is_kept(
    killed, backup, tmp_path
):
    original = tmp_path / "original"
    shutil.copytree(killed.parent, original)
    found, number = set(), 0
    while True:
        number += 1
        shutil.rmtree(killed.parent)
        shutil.copytree(original, killed.parent)
        ended = restore_killed_at(number, backup, killed)
        there = taps(killed, tmp_path / f"there-{number}")
        found.add(frozenset(there))
        if there == {"then"}:
            (aside,) = backups_of(killed).all()
            assert contents(aside) == contents(original / killed.name)
        else:
            assert there == {"written last"}
        if ended == 0:
            break
        assert ended == -9
        restore(backup, killed, backups_of(killed), overwrite=True)
        assert taps(killed, tmp_path / f"again-{number}") == {"then"}
        assert not list(killed.parent.glob(".*"))
    assert found == {frozenset({"written last"}), frozenset({"then"})}
    assert number > 10


def test_while_the_app_runs_in_another_process_nothing_is_touched(killed, backup):
    running = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(killed)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert running.stdout.readline() == b"open\n"
        before = contents(killed)
        with pytest.raises(BackupError, match="is running"):
            restore(backup, killed, backups_of(killed), overwrite=True)
        assert contents(killed) == before
        assert not killed.with_name("backups").exists()
    finally:
        running.communicate()


def test_a_link_stays_one_and_what_it_points_to_is_restored(killed, backup, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(killed)
    before = contents(killed)
    kept = Backups(link, tmp_path / "backups", 7)
    restore(backup, link, kept, overwrite=True)
    assert link.is_symlink()
    assert look_at(killed).moods == 1
    assert contents(kept.all()[0]) == before


@pytest.fixture
def small_disk(home):
    """The data folder on a disk of 1 MB."""
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(home)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        missing("the right to mount a small disk (root)")
    yield home
    subprocess.run(["umount", "--lazy", str(home)], check=True)


def refused(backup, target):
    try:
        restore(backup, target, backups_of(target), overwrite=True)
    except BackupError as error:
        return str(error)
    return None


@pytest.mark.parametrize("room", [0, 100_000, 250_000, 350_000, 500_000])
def test_on_a_disk_without_room_nothing_changes(small_disk, killed, backup, room):
    before = contents(killed)
    free = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(b"x" * max(free - room, 0))
    if refusal := refused(backup, killed):
        assert "full" in refusal or "No space" in refusal
        assert contents(killed) == before
        assert not list(small_disk.glob("backups/*"))
    else:
        assert look_at(killed).moods == 1
        assert contents(backups_of(killed).all()[0]) == before
    (small_disk / "ballast").unlink()
    restore(backup, killed, backups_of(killed), overwrite=True)
    assert look_at(killed).moods == 1


def test_on_a_disk_that_is_read_only_nothing_changes(small_disk, killed, backup):
    before = contents(killed)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(BackupError, match="Read-only file system"):
        restore(backup, killed, backups_of(killed), overwrite=True)
    assert contents(killed) == before
