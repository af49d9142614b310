from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from moodtracker import clock
from moodtracker.cli import main
from moodtracker.database import Database


@pytest.fixture
def run(monkeypatch, tmp_path, mail_server, moved_clock):
    """Runs commands in a folder where the demo person lives, the day before New Year's Eve."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOODTRACKER_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("MOODTRACKER_SMTP_PORT", str(mail_server.port))
    monkeypatch.setenv("MOODTRACKER_SMTP_SECURITY", "none")
    monkeypatch.setenv("MOODTRACKER_MAIL_FROM", "Moodtracker <mood@example.org>")
    moved_clock.set(2026, 12, 30, 12)

    def run_one(*words):
        return CliRunner().invoke(main, words)

    assert "Sign in as demo" in run_one("demo").stdout
    return run_one


def want_mail(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'data' / 'moodtracker.db'}")
    with database.write() as session:
        session.execute(
            text("UPDATE users SET year_end_mail = true, email_verified_at = created_at")
        )
    database.close()


def test_a_rehearsal_mails_the_board_as_it_stands_and_deletes_nothing(run, mail_server):
    for _ in range(2):
        answer = run("year-end", "rehearse", "--user", "demo", "--to", "me@example.org")
        assert answer.exit_code == 0, answer.stderr
        assert "Nothing was deleted" in answer.stdout
    assert mail_server.recipients() == ["me@example.org"] * 2
    first, second = [message for _, message in mail_server.taken]
    assert first["Subject"] == "Rehearsal: your 2026 so far"
    assert first["Message-ID"] != second["Message-ID"]
    table = [part for part in first.walk() if part.get_content_type() == "text/csv"]
    assert len(table[0].get_content().splitlines()) > 250
    assert "No year has been closed yet" in run("year-end", "status").stdout


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("--user", "nobody", "--to", "me@example.org"), "nobody called nobody"),
        (("--user", "demo", "--to", "me"), "--to should be an address"),
        (("--user", "demo", "--to", "me@example.org\nBcc: x@example.org"), "--to should be"),
    ],
)
def test_a_rehearsal_that_cannot_be_says_why(run, mail_server, words, cure):
    answer = run("year-end", "rehearse", *words)
    assert answer.exit_code == 1
    assert cure in answer.stderr
    assert mail_server.taken == []


def test_a_rehearsal_says_what_the_mail_server_said(run, mail_server):
    mail_server.behaviour.rcpt["me@example.org"] = "550 5.1.1 no such person"
    answer = run("year-end", "rehearse", "--user", "demo", "--to", "me@example.org")
    assert answer.exit_code == 1
    assert "550 5.1.1 no such person" in answer.stderr


@pytest.mark.parametrize("words", [(), ("--user", "demo", "--to", "me@example.org")])
def test_a_rehearsal_is_sent_by_what_boards_are_sent_by(run, mail_server, monkeypatch, words):
    monkeypatch.setenv("MOODTRACKER_BOUNCE_ADDRESS", "bounce@example.org")
    assert run("year-end", "rehearse", *words).exit_code == 0
    assert all(sender.startswith("bounce+") for sender in mail_server.senders)
    mail_server.behaviour.mail_by["bounce+"] = "550 5.7.1 not owned by mood@example.org"
    answer = run("year-end", "rehearse", *words)
    assert answer.exit_code == 1
    assert "550 5.7.1 not owned by mood@example.org" in answer.stderr


def test_without_a_mail_server_the_commands_say_so(run, monkeypatch):
    monkeypatch.delenv("MOODTRACKER_SMTP_HOST")
    answer = run("year-end", "rehearse", "--user", "demo", "--to", "me@example.org")
    assert "Set MOODTRACKER_SMTP_HOST" in answer.stderr
    assert "No mail server is set" in run("year-end", "status").stdout


def test_status_tells_what_is_stuck_and_why_and_run_tries_again(
    run, mail_server, moved_clock, tmp_path, monkeypatch
):
    want_mail(tmp_path)
    mail_server.behaviour.mail = "451 4.7.1 come back later"
    moved_clock.set(2027, 1, 1, 9)
    assert run("year-end", "run").exit_code == 0
    told = run("year-end", "status").stdout
    assert "pending: 1" in told
    assert "the mail server has trouble (1 tries in vain): 451 4.7.1 come back later" in told
    assert "oldest trouble: 2026 of demo, due 2027-01-01 09:00 UTC" in told
    assert "next mail: 2027-01-01 09:01 UTC" in told

    mail_server.behaviour.mail = None
    moved_clock.set(2027, 1, 1, 9, 5)
    assert "next mail: 2027-01-01 09:01 UTC (due)" in run("year-end", "status").stdout
    assert "sent: 1" in run("year-end", "run").stdout
    assert mail_server.recipients() == ["demo@example.invalid"]
    moved_clock.set(2027, 2, 1)
    monkeypatch.setenv("MOODTRACKER_BOUNCE_ADDRESS", "bounce@example.org")  # nothing came back
    assert "sent and erased: 1" in run("year-end", "run").stdout


def test_run_tries_what_was_held_once_more(run, mail_server, moved_clock, tmp_path):
    want_mail(tmp_path)
    mail_server.behaviour.rcpt["demo@example.invalid"] = "550 5.1.1 no such person"
    moved_clock.set(2027, 1, 1, 9)
    assert "held: 1" in run("year-end", "run").stdout
    mail_server.behaviour.rcpt.clear()
    assert "sent: 1" in run("year-end", "run").stdout


def test_a_rehearsal_draws_every_board_proves_the_server_and_sends_nothing(
    run, mail_server, tmp_path
):
    answer = run("year-end", "rehearse")
    assert answer.exit_code == 0, answer.stderr
    assert "1 board(s) drawn" in answer.stdout
    assert "address not verified: 1 (demo)" in answer.stdout
    assert "want no mail: 1 (demo)" in answer.stdout
    assert "takes mails from mood@example.org. Nothing was sent." in answer.stdout
    assert mail_server.connections == 1
    assert mail_server.taken == []
    mail_server.behaviour.mail = "550 5.7.1 not from here"
    answer = run("year-end", "rehearse")
    assert answer.exit_code == 1
    assert "550 5.7.1 not from here" in answer.stderr


def test_status_tells_when_the_next_year_ends(run):
    assert "next year to close: 2027-01-01 00:00 UTC" in run("year-end", "status").stdout


def test_a_clock_that_jumped_is_said_and_confirmed(run, moved_clock, mail_server, tmp_path):
    want_mail(tmp_path)
    run("year-end", "run")
    moved_clock.start_machine()
    moved_clock.jump(timedelta(days=700))
    told = run("year-end", "run").stdout
    assert "The clock went from 2026-12-30 12:00 UTC to 2028-11-29 12:00 UTC at once" in told
    assert mail_server.taken == []
    assert "It is 2028-11-29" in run("year-end", "confirm-clock").stdout
    assert "sent: 1" in run("year-end", "run").stdout
    assert mail_server.recipients() == ["demo@example.invalid"]


def test_run_now_shows_on_a_copy_what_january_will_do(tmp_path, monkeypatch, mail_server):
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail_server.port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "mood@example.org",
    }.items():
        monkeypatch.setenv(f"MOODTRACKER_{name}", value)
    CliRunner().invoke(main, ["demo"])
    want_mail(tmp_path)
    january = f"{clock.now().year + 1}-01-01T09:00"
    refused = CliRunner().invoke(main, ["year-end", "run", "--now", january], input="n\n")
    assert refused.exit_code == 1
    assert mail_server.taken == []
    done = CliRunner().invoke(main, ["year-end", "run", "--now", january, "--yes"])
    assert "sent: 1" in done.stdout, done.output
    ((_, message),) = mail_server.taken
    assert message["Subject"] == f"Your {clock.now().year} in moods"
    assert "The clock went" not in CliRunner().invoke(main, ["year-end", "status"]).stdout
