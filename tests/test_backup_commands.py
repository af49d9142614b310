import os
import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from moodtracker import settings
from moodtracker.app import App
from moodtracker.backups import look_at
from moodtracker.cli import main
from moodtracker.database import Database
from support.rows import person


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path, sqlite_template):
    """A data folder with somebody in its database."""
    for name in os.environ:
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("moodtracker.cli.logs.configure", lambda *_: None)
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "moodtracker.db")
    database = Database("sqlite:///data/moodtracker.db")
    with database.write() as session:
        session.add(person(1))
    database.close()
    return tmp_path


def run(*words):
    answer = CliRunner().invoke(main, words)
    assert "Traceback" not in answer.output
    return answer.exit_code, answer.output


def test_a_backup_and_its_return(home):
    code, said = run("backup", "mine.db")
    assert (code, said.splitlines()[0]) == (
        0,
        "mine.db was made and checked: people 1, moods 0, closed years 0.",
    )
    assert "data/secret_key" in said
    shutil.rmtree(home / "data")
    code, said = run("restore", "mine.db")
    assert code == 0
    assert look_at(home / "data" / "moodtracker.db").people == 1


def test_what_cannot_be_is_said_in_a_sentence():
    assert run("restore", "mine.db") == (1, "Error: There is no file mine.db.\n")
    run("backup", "mine.db")
    assert run("backup", "mine.db") == (
        1,
        "Error: mine.db is there already; give another name.\n",
    )
    code, said = run("restore", "mine.db")
    assert code == 1
    assert "--overwrite" in said


def test_restoring_moods_of_a_year_that_has_ended_says_that_they_will_be_mailed_again(
    home, moved_clock
):
    database = Database("sqlite:///data/moodtracker.db")
    with database.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap) "
            "VALUES (1, ?, 1, 4, '2025-12-31 12:00:00', 'tap')",
            (str(date(2025, 12, 31)),),
        )
    database.close()
    run("backup", "mine.db")
    said = run("restore", "mine.db", "--overwrite")[1]
    assert "Moods of 2025 are among them: they will be closed and mailed once more." in said


@pytest.mark.parametrize("words", [("backup", "mine.db"), ("restore", "mine.db")])
def test_on_postgresql_its_own_tools_are_named_without_the_password(monkeypatch, words):
    monkeypatch.setenv("MOODTRACKER_DATABASE_URL", "postgresql://ada:s3cret@db.home/mood")
    code, said = run(*words)
    assert code == 1
    assert "pg_dump --format=custom --file=FILE postgresql://ada@db.home/mood" in said
    assert "s3cret" not in said


def test_a_start_with_an_older_schema_makes_a_backup_first(home):
    (home / "data" / "moodtracker.db").unlink()
    old = Database("sqlite:///data/moodtracker.db")
    old.migrate("0001")
    old.close()
    for _ in range(2):
        app = App.open(settings.load())
        assert [look_at(file).revision for file in app.backups.all()] == ["0001"]
        assert "before-upgrade" in app.backups.all()[0].name
        app.close()
