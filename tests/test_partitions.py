import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, text

from moodtracker import partitions
from moodtracker.cli import main
from moodtracker.database import Database
from moodtracker.models import metadata
from moodtracker.partitions import SplitError
from support.rows import entry, person

# Not a person's: they stay few, or are of nobody in particular.
SHARED = {
    *("users", "invitations", "throttles", "installation", "mail_counts", "troubles"),
    *("logout_tokens", "recipients"),
}


@pytest.fixture
def whole(postgresql_database):
    """A database of its own, with two people, whose tables are not split."""
    database = Database(postgresql_database)
    database.migrate()
    with database.write() as session:
        session.add_all([person(1), person(2)])
        session.flush()
        session.add_all([entry(1, 1), entry(1, 2), entry(2, 1)])
    yield database
    database.close()


def rules(database):
    """Keys, checks and indexes of each table that may be split, by name."""
    with database.read() as session:
        inspector = inspect(session.connection())
        return {
            table: (
                inspector.get_pk_constraint(table),
                sorted(check["name"] for check in inspector.get_check_constraints(table)),
                [(key["name"], key["options"]) for key in inspector.get_foreign_keys(table)],
                sorted((index["name"], index["unique"]) for index in inspector.get_indexes(table)),
            )
            for table in partitions.TABLES
        }


def test_every_table_that_grows_is_one_that_can_be_split():
    assert set(partitions.TABLES) == set(metadata.tables) - SHARED


@pytest.mark.parametrize("name", partitions.TABLES)
def test_every_primary_and_unique_key_of_a_table_that_grows_begins_with_the_person(name):
    table = metadata.tables[name]
    keys = [table.primary_key, *(index for index in table.indexes if index.unique)]
    keys += [each for each in table.constraints if type(each).__name__ == "UniqueConstraint"]
    assert [next(iter(key.columns)).name for key in keys] == ["user_id"] * len(keys)


def test_splitting_keeps_every_row_and_every_rule(whole):
    before = rules(whole)
    assert partitions.split(whole, parts=4) == list(partitions.TABLES)
    assert rules(whole) == before
    with whole.read() as session:
        kept = session.execute(text("SELECT user_id, slot FROM entries ORDER BY 1, 2")).all()
    assert kept == [(1, 1), (1, 2), (2, 1)]
    assert {table: len(rows) for table, rows in partitions.sizes(whole).items()} == dict.fromkeys(
        partitions.TABLES, 4
    )


def test_splitting_again_changes_nothing(whole):
    partitions.split(whole, parts=2)
    assert partitions.split(whole, parts=4) == []
    assert whole.is_ready()
    whole.migrate()


def test_a_person_who_leaves_takes_their_rows_out_of_every_part(whole):
    partitions.split(whole, parts=4)
    with whole.write() as session:
        session.execute(text("DELETE FROM users WHERE id = 1"))
        assert session.scalar(text("SELECT count(*) FROM entries")) == 1


def test_sqlite_cannot_be_split(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'moodtracker.db'}")
    with pytest.raises(SplitError, match="PostgreSQL"):
        partitions.split(database)
    database.close()


def test_the_command_splits_and_shows(whole, postgresql_database, monkeypatch, tmp_path):
    monkeypatch.setenv("MOODTRACKER_DATABASE_URL", postgresql_database)
    monkeypatch.setenv("MOODTRACKER_DATA_DIR", str(tmp_path))
    run = CliRunner().invoke
    assert "No table is split" in run(main, ["partitions"]).output
    assert "Split into 2: entries" in run(main, ["partitions", "--split", "--parts", "2"]).output
    assert "nothing was left" in run(main, ["partitions", "--split"]).output
    assert "entries: 2 parts" in run(main, ["partitions"]).output
