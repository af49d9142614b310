import sqlite3

import pytest

from support.mail_server import MailServer
from support.server import Server


@pytest.fixture
def mail_server():
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture
def server(tmp_path, mail_server):
    """Commands against a folder where the demo person lives; no web server runs."""
    prepared = Server(
        tmp_path,
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(mail_server.port),
        SMTP_SECURITY="none",
        MAIL_FROM="Moodtracker <mood@example.org>",
    )
    prepared.set_clock(2026, 12, 30, 12)
    assert "Sign in as demo" in prepared.command("demo").stdout
    return prepared


def test_a_rehearsal_mails_the_board_as_it_stands_and_deletes_nothing(server, mail_server):
    for _ in range(2):
        answer = server.command("year-end", "rehearse", "--user", "demo", "--to", "me@example.org")
        assert answer.returncode == 0, answer.stderr
        assert "Nothing was deleted" in answer.stdout
    assert mail_server.recipients() == ["me@example.org"] * 2
    assert mail_server.taken[0][1]["Subject"] == "Rehearsal: your 2026 so far"
    assert "No year has been closed yet" in server.command("year-end", "status").stdout


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("--user", "nobody", "--to", "me@example.org"), "nobody called nobody"),
        (("--user", "demo", "--to", "me"), "--to should be an address"),
        (("--user", "demo", "--to", "me@example.org\nBcc: x@example.org"), "--to should be"),
    ],
)
def test_a_rehearsal_that_cannot_be_says_why(server, mail_server, words, cure):
    answer = server.command("year-end", "rehearse", *words)
    assert answer.returncode == 1
    assert cure in answer.stderr
    assert "Traceback" not in answer.stderr
    assert mail_server.taken == []


def test_a_rehearsal_says_what_the_mail_server_said(server, mail_server):
    mail_server.behaviour.rcpt["me@example.org"] = "550 5.1.1 no such person"
    answer = server.command("year-end", "rehearse", "--user", "demo", "--to", "me@example.org")
    assert answer.returncode == 1
    assert "550 5.1.1 no such person" in answer.stderr


def test_without_a_mail_server_the_commands_say_so(server):
    for name in ("SMTP_HOST", "MAIL_FROM"):
        del server.settings[name]
    answer = server.command("year-end", "rehearse", "--user", "demo", "--to", "me@example.org")
    assert "Set MOODTRACKER_SMTP_HOST" in answer.stderr
    assert "No mail server is set" in server.command("year-end", "status").stdout


def test_status_tells_what_is_stuck_and_why_and_run_tries_again(server, mail_server, tmp_path):
    server.command("user", "reset-password", "demo", "--password", "correct horse battery")
    want_mail(tmp_path)
    mail_server.behaviour.mail = "451 4.7.1 come back later"
    server.set_clock(2027, 1, 1, 9)
    assert server.command("year-end", "run").returncode == 0
    told = server.command("year-end", "status").stdout
    assert "pending: 1" in told
    assert "oldest trouble: 2026 of demo" in told
    assert "451 4.7.1 come back later" in told

    mail_server.behaviour.mail = None
    server.set_clock(2027, 1, 1, 9, 5)
    assert "sent: 1" in server.command("year-end", "run").stdout
    assert mail_server.recipients() == ["demo@example.invalid"]
    server.set_clock(2027, 2, 1)
    assert "sent and erased: 1" in server.command("year-end", "run").stdout


def want_mail(folder) -> None:
    with sqlite3.connect(folder / "data" / "moodtracker.db") as connection:
        connection.execute("UPDATE users SET year_end_mail = 1")
