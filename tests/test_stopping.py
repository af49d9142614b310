"""A stop takes no longer than whoever asked for it waits."""

import pytest
from sqlalchemy import text

from moodtracker import stopping, worker
from moodtracker.database import Database
from support.server import Server
from support.waiting import await_that

# Somebody whose 2020 has ended, and waits to be mailed.
ENDED_YEAR = (
    "INSERT INTO users (username, first_name, last_name, email, email_verified_at, zone,"
    " created_at, open_year, latest_day) VALUES ('ada', 'Ada', '', 'ada@example.org',"
    " '2020-01-01', 'UTC', '2020-01-01', 2020, '2020-12-31')",
    "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap) "
    "VALUES ((SELECT id FROM users), '2020-12-31', 1, 4, '2020-12-31 12:00:00', 'tap00001')",
)
KILLED_AFTER = 10  # seconds, by whoever runs containers


def test_there_is_time_to_answer_and_to_work_before_a_container_is_killed():
    assert stopping.ANSWERING_SECONDS + stopping.WORKING_SECONDS < KILLED_AFTER
    assert worker.STOP_SECONDS < KILLED_AFTER


@pytest.mark.parametrize("role", ["all", "worker"])
def test_a_stop_does_not_wait_for_a_mail_server_that_hangs(role, tmp_path, mail_server):
    mail_server.behaviour.hang_at = "rcpt"
    database = Database(f"sqlite:///{tmp_path / 'data' / 'moodtracker.db'}")
    database.migrate()
    with database.write() as session:
        for statement in ENDED_YEAR:
            session.execute(text(statement))
    server = Server(
        tmp_path,
        ROLE=role,
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(mail_server.port),
        SMTP_SECURITY="none",
        MAIL_FROM="mood@example.org",
        YEAR_END_MAIL_AT="00:00",
    )
    server.skew_clock(0.0, machine="1000000 yes")  # what it would wait for if it had just booted
    server.run()
    await_that(lambda: mail_server.connections, told=lambda: server.log)

    assert server.stop() == 0
    assert "it is taken up again" in server.log
    with database.read() as session:
        assert session.scalar(text("SELECT state FROM sealed_years")) == "sending"
    database.close()
