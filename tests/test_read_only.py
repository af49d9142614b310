"""Where DATA_DIR alone can be written, and no /tmp: everything that a large table takes."""

import pytest

from moodtracker.backups import look_at
from support.old_database import DAYS, PEOPLE, make_old_database
from support.sealed import sealed


@pytest.fixture(params=["0001", "0004"])
def home(request, tmp_path):
    """A data folder with a large database of an older version."""
    folder = tmp_path / "data"
    folder.mkdir()
    make_old_database(folder / "moodtracker.db", request.param)
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
