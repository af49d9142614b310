"""Where DATA_DIR alone can be written, and no /tmp: everything that a large table takes."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from moodtracker.backups import look_at
from support.sealed import sealed

STORED = Path(__file__).parent / "fixtures" / "databases"
PEOPLE, DAYS = 60, 330
# What SQLite puts aside for a way back is in memory up to 64 kB; these are some megabytes.
FILL = f"""
WITH RECURSIVE who(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM who WHERE n < {PEOPLE})
INSERT INTO users (id, username, email, first_name, last_name, password_hash, zone, created_at)
SELECT n + 1000, 'many' || n, 'many' || n || '@example.org', 'Ada', '', 'none', 'UTC', '2026-01-01'
FROM who;
WITH RECURSIVE past(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n < {DAYS} - 1)
INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap)
SELECT id, date('2026-01-01', past.n || ' days'), slot, 4, '2026-01-01 12:00:00', hex(randomblob(8))
FROM users, past, (SELECT 1 AS slot UNION SELECT 2) WHERE users.id > 1000;
"""


@pytest.fixture(params=["0001", "0004"])
def home(request, tmp_path):
    """A data folder with a large database of an older version."""
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "moodtracker.db")) as database:
        database.executescript((STORED / f"{request.param}.sqlite.sql").read_text())
        database.executescript(FILL)
        database.commit()
    return folder


def moodtracker(home, *words):
    done = sealed(home, "-m", "moodtracker", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_upgrade_backup_restore_and_leaving_need_no_folder_but_the_data(home):
    said = sealed(home, "-c", "import tempfile; tempfile.gettempdir()").stderr
    assert "No usable temporary directory" in said
    there = look_at(home / "moodtracker.db")
    assert there.moods > 2 * PEOPLE * DAYS

    moodtracker(home, "backup", f"{home}/old.db")
    assert "many60" in moodtracker(home, "user", "list")  # upgraded first
    moodtracker(home, "backup", f"{home}/new.db")
    assert look_at(home / "new.db").revision > there.revision
    moodtracker(home, "user", "delete", "many7", "--yes")
    moodtracker(home, "backup", f"{home}/without.db")
    assert look_at(home / "without.db").moods == there.moods - 2 * DAYS
    moodtracker(home, "restore", f"{home}/old.db", "--overwrite")
    restored = look_at(home / "moodtracker.db")
    assert (restored.moods, restored.revision) == (there.moods, look_at(home / "new.db").revision)
    assert not list(home.glob("etilqs*"))


def test_one_statement_that_deletes_everybody_needs_none_either(home):
    moodtracker(home, "user", "list")
    code = (
        "from moodtracker.database import Database\n"
        f"with Database('sqlite:///{home}/moodtracker.db').write() as session:\n"
        "    session.connection().exec_driver_sql('DELETE FROM users')"
    )
    done = sealed(home, "-c", code)
    assert done.returncode == 0, done.stderr
    assert look_at(home / "moodtracker.db").moods == 0
