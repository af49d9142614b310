import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from moodtracker import settings
from moodtracker.app import App, envelope


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = App.open(settings.load(data_dir=tmp_path / "data"))
    yield opened
    opened.close()


def test_opening_makes_a_database_that_is_ready(app, tmp_path):
    assert app.database.is_ready()
    assert (tmp_path / "data" / "moodtracker.db").exists()


def is_done(app):
    with app.database.read() as session:
        old = session.scalar(text("SELECT count(*) FROM sessions"))
        return (old, session.scalar(text("SELECT state FROM sealed_years"))) == (0, "empty")


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
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not is_done(app):
        time.sleep(0.05)
    ticks.stop()
    assert is_done(app)


def test_message_ids_end_with_the_senders_domain_or_else_with_the_servers():
    given = {"smtp_host": "mail", "mail_from": "Mood <mood@example.org>"}
    assert envelope(settings.load(**given)).domain == "example.org"
    assert envelope(settings.load(base_url="https://mood.home.example")).domain == (
        "mood.home.example"
    )
