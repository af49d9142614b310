"""Who left is gone from the database's files within a minute, by the bytes that lie there."""

import sqlite3
from contextlib import closing

import httpx
import pytest
from sqlalchemy import text

from moodtracker.database import Database
from moodtracker.mail import goodbye
from moodtracker.mail.goodbye import Farewell, Goodbyes
from moodtracker.mail.letter import Envelope
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.smtp import Smtp
from support.server import NO_TLS, PASSWORD, WAIT_SECONDS
from support.waiting import await_that

WHO, NOTE = "quetzalcoatl", "walked to the observatory"


def refuse(server):
    server.behaviour.rcpt[f"{WHO}@example.org"] = "550 5.1.1 no such person"


def put_off(server):
    server.behaviour.rcpt[f"{WHO}@example.org"] = f"451 4.7.1 <{WHO}@example.org> come back later"


def take_nothing(server):
    server.behaviour.mail = f"451 4.3.0 no room for {WHO}@example.org"


def hang(server):
    server.behaviour.hang_for = f"{WHO}@example.org"


def stop(server):
    server.stop()


MAILBOXES = [lambda _: None, refuse, put_off, take_nothing, hang, stop]
NAMES = ["takes it", "refuses it", "puts it off", "has trouble", "hangs", "is away"]


def traces(folder):
    """Which of the database's files hold something of them."""
    words = [WHO.encode(), WHO.capitalize().encode(), NOTE.encode()]
    return [
        (file.name, word)
        for file in sorted(folder.glob("moodtracker.db*"))
        for word in words
        if word in file.read_bytes()
    ]


def post_form(server, cookie, path, **data):
    answer = httpx.post(
        f"{server.url}{path}",
        data=data,
        cookies={"moodtracker": cookie},
        timeout=WAIT_SECONDS,
        verify=NO_TLS,
    )
    assert answer.status_code in (200, 303), answer.text


def join_with_a_note(server):
    """Somebody of whom something stands in every place, also in the log beside the file."""
    cookie = server.register(WHO)
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        database.execute(
            "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap, note)"
            " SELECT id, date('now'), 1, 4, '2026-01-01 12:00:00', 'tap00001', ? FROM users"
            " WHERE username = ?",
            (NOTE, WHO),
        )
        database.commit()
    return cookie


@pytest.mark.parametrize("mailbox", MAILBOXES, ids=NAMES)
def test_who_left_is_gone_from_the_files_whatever_becomes_of_the_good_bye(
    make_server, mail_server, mailbox
):
    server = make_server(**mail_server.settings, BACKUP_KEEP="0").start()
    server.register("boss")  # who stays, and keeps the server
    cookie = join_with_a_note(server)
    assert traces(server.folder / "data")
    mailbox(mail_server)
    post_form(server, cookie, "/settings/leave", password=PASSWORD)
    await_that(
        lambda: not traces(server.folder / "data"), told=lambda: traces(server.folder / "data")
    )


def test_without_a_mail_server_nothing_of_the_good_bye_is_left(make_server):
    server = make_server(BACKUP_KEEP="0").start()
    server.register("boss")
    cookie = join_with_a_note(server)
    post_form(server, cookie, "/settings/leave", password=PASSWORD)
    await_that(
        lambda: not traces(server.folder / "data"), told=lambda: traces(server.folder / "data")
    )


def test_links_to_a_new_password_that_still_wait_go_with_whoever_leaves(make_server, mail_server):
    server = make_server(**mail_server.settings, BACKUP_KEEP="0").start()
    server.register("boss")
    cookie = join_with_a_note(server)
    put_off(mail_server)
    for typed in (WHO.upper(), f"{WHO}@Example.org"):
        httpx.post(f"{server.url}/forgot", data={"login": typed}, timeout=WAIT_SECONDS)
    await_that(lambda: waiting_links(server) == 2)
    post_form(server, cookie, "/settings/leave", password=PASSWORD)
    await_that(
        lambda: not traces(server.folder / "data"), told=lambda: traces(server.folder / "data")
    )


def waiting_links(server):
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        query = "SELECT count(*) FROM messages WHERE kind = 'reset' AND attempts > 0"
        return database.execute(query).fetchone()[0]


def test_a_log_that_somebody_reads_from_is_emptied_afterwards(tmp_path, sqlite_template):
    file = tmp_path / "moodtracker.db"
    file.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}")
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO users (username, first_name, last_name, zone, created_at)"
                f" VALUES ('{WHO}', 'Ada', '', 'UTC', '2026-01-01 00:00:00')"
            )
        )
    reader = sqlite3.connect(file)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM users").fetchone()
    with database.write() as session:
        session.execute(text("DELETE FROM users"))
    database._writing.dispose()
    with database._writing.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    database.forget_deleted()
    assert traces(tmp_path)
    reader.close()
    database.forget_the_rest()
    assert not traces(tmp_path)
    database.close()


@pytest.mark.parametrize("role", ["nobody", "web", "all"])
def test_a_good_bye_is_said_and_leaves_nothing_whichever_process_runs(
    make_server, mail_server, role
):
    server = make_server(**mail_server.settings, BACKUP_KEEP="0").start()
    server.register("boss")
    cookie = join_with_a_note(server)
    await_that(lambda: waiting_mails(server) == [])
    server.stop()
    if role == "nobody":
        told = server.command("user", "delete", WHO, "--yes")
        assert told.returncode == 0, told.stderr
        assert waiting_mails(server) == [], "nobody is there who could drop it later"
        assert not traces(server.folder / "data")
    else:
        server.settings["ROLE"] = role
        server.start()
        post_form(server, cookie, "/settings/leave", password=PASSWORD)
        assert waiting_mails(server) == []
        await_that(lambda: not traces(server.folder / "data"))
    await_that(lambda: "Your account is deleted" in [m["Subject"] for _, m in mail_server.taken])


def test_a_mail_server_that_hangs_keeps_no_command(make_server, mail_server, monkeypatch):
    monkeypatch.setattr(goodbye, "_PATIENCE", 0.1)
    database = Database(f"sqlite:///{make_server().folder / 'moodtracker.db'}")
    database.migrate()
    mail_server.behaviour.hang_for = "ada@example.org"
    smtp = Smtp("127.0.0.1", mail_server.port, "none")
    sender = Envelope("mood@example.org", "https://mood.example.org", 30)
    goodbyes = Goodbyes(database, smtp, sender, HourlyLimit(None))
    goodbyes.say(Farewell("ada@example.org", "Ada", "en"))
    assert mail_server.taken == []
    database.close()


def waiting_mails(server):
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        return database.execute("SELECT kind, email FROM messages").fetchall()
