import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moodtracker.database import Database
from moodtracker.database_trouble import DatabaseError, told
from moodtracker.postgresql import Limits
from support.server import free_port


def test_what_a_person_typed_is_not_told(database):
    words = text("INSERT INTO users (username, first_name) VALUES ('I am sad', 'sad')")
    with database.write() as session, pytest.raises(DBAPIError) as failed:
        session.execute(words)
    assert "sad" not in told(failed.value)


def test_a_server_out_of_reach_is_told_with_its_address():
    port = free_port()
    away = Database(f"postgresql+psycopg://postgres@127.0.0.1:{port}/x", Limits(connect=2))
    with pytest.raises(DBAPIError) as failed, away.read() as session:
        session.execute(text("SELECT 1"))
    assert told(failed.value).startswith("the database server: ")
    assert str(port) in told(failed.value)


def test_our_own_words_are_told_and_of_any_other_error_its_kind():
    assert told(DatabaseError("put the file back")) == "put the file back"
    assert told(ValueError("I am sad")) == "ValueError"
