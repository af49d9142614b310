"""Each planted fault is found, and its cure named."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from moodtracker import checks, settings
from moodtracker.checks import address, data
from moodtracker.cli import main
from moodtracker.clock_watch import ClockWatch
from moodtracker.database import Database
from moodtracker.secret import Secret
from support.rows import entry, person, sealed_year
from support.server import Server, free_port
from support.websites import certificate_for_localhost, website

OK_PAGE = {"/healthz": (200, {}, "ok")}


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path, sqlite_template):
    """A sound data folder: a database, a secret key, today's backup."""
    for name in os.environ:
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(settings.PREFIX + "PORT", str(free_port()))  # where nobody answers
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "backups").mkdir(parents=True)
    shutil.copy(sqlite_template, tmp_path / "data" / "moodtracker.db")
    today = f"moodtracker-{datetime.now(UTC):%Y-%m-%d}.db"
    shutil.copy(sqlite_template, tmp_path / "data" / "backups" / today)
    Secret.of(settings.load())
    return tmp_path


@pytest.fixture
def put(monkeypatch):
    def set_all(**given):
        for name, value in given.items():
            monkeypatch.setenv(settings.PREFIX + name, str(value))

    return set_all


@pytest.fixture
def database(home):
    opened = Database("sqlite:///data/moodtracker.db")
    yield opened
    opened.close()


def found(subject, send_to=None):
    """What is said about one subject: states, and all words."""
    findings = [finding for finding in checks.look(send_to) if finding.subject == subject]
    assert findings
    assert all(finding.cure or finding.state == "ok" for finding in findings)
    return (
        "/".join(finding.state for finding in findings),
        " ".join(f"{finding.words} {finding.cure}" for finding in findings),
    )


def add(*rows):
    database = Database("sqlite:///data/moodtracker.db")
    with database.write() as session:
        for row in rows:
            session.add(row)
            session.flush()
    database.close()


def test_a_sound_home_has_no_fault_and_looking_changes_nothing(home):
    def tree():
        return {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}

    before = tree()
    states = {finding.subject: finding.state for finding in checks.look()}
    assert "fault" not in states.values()
    assert {name for name, state in states.items() if state == "ok"} == {
        *("settings", "data folder", "secret key", "database", "backups", "clock"),
        *("zones", "sign-in"),
    }
    after = {path: at for path, at in tree().items() if not path.name.endswith(("-wal", "-shm"))}
    assert after == before


def test_looking_at_an_empty_folder_makes_nothing(home):
    shutil.rmtree(home / "data")
    assert not [finding for finding in checks.look() if finding.state == "fault"]
    assert not (home / "data").exists()


# Settings


def test_a_wrong_setting_is_found(put):
    put(PORT="eighty")
    state, words = found("settings")
    assert state == "fault"
    assert "MOODTRACKER_PORT" in words


def test_a_misspelt_setting_is_found(put):
    put(SMTP_HSOT="mail.example.org")
    state, words = found("settings")
    assert state == "warning"
    assert "MOODTRACKER_SMTP_HSOT is not a setting" in words


def test_a_secret_in_a_file_that_everybody_may_read_is_found(home):
    (home / ".env").write_text("MOODTRACKER_SECRET_KEY=a key of more than thirty-two characters")
    (home / ".env").chmod(0o644)
    assert "chmod o= .env" in found("settings")[1]
    (home / ".env").chmod(0o600)
    assert found("settings")[0] == "ok"


# Data folder and secret key


def test_a_data_folder_that_cannot_be_made_or_written_is_found(put):
    put(DATA_DIR="/proc")
    state, words = found("data folder")
    assert state == "fault"
    assert "chown" in words or "mounted" in words


def test_a_file_in_the_place_of_the_data_folder_is_found(home, put):
    (home / "file").touch()
    put(DATA_DIR=home / "file")
    assert found("data folder")[0] == "fault"


def test_a_disk_that_is_nearly_full_is_found(home):
    config = settings.load()
    (finding,) = data.look(config, room_mib=10**9)
    assert finding.state == "warning"
    assert "Make room" in finding.cure


def test_a_secret_key_that_others_may_read_is_found(home):
    (home / "data" / "secret_key").chmod(0o644)
    state, words = found("secret key")
    assert state == "fault"
    assert "chmod 600 data/secret_key" in words


def test_a_secret_key_that_was_cut_short_is_found(home):
    (home / "data" / "secret_key").write_text("abc")
    state, words = found("secret key")
    assert state == "fault"
    assert "abc" not in words


# Database


def test_a_database_server_that_does_not_answer_is_found(put):
    put(DATABASE_URL=f"postgresql://ada:s3cret@127.0.0.1:{free_port()}/mood")
    state, words = found("database")
    assert state == "fault"
    assert "Is the server running" in words
    assert "s3cret" not in words


def test_a_file_that_is_no_database_is_found(home):
    (home / "data" / "moodtracker.db").write_text("dear diary, " * 900)
    state, words = found("database")
    assert state == "fault"
    assert "restore the newest backup" in words


def test_a_damaged_database_is_found(home):
    add(person(1), *(entry(1, slot, day) for slot in (1, 2) for day in range(1, 29)))
    file = home / "data" / "moodtracker.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'entries'"
        ).fetchone()[0]
    content = bytearray(file.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = os.urandom(4096)
    file.write_bytes(content)
    state, words = found("database")
    assert state == "fault"
    assert "damaged" in words


def test_an_older_schema_is_found_and_left_as_it_is(home):
    (home / "data" / "moodtracker.db").unlink()
    old = Database("sqlite:///data/moodtracker.db")
    old.migrate("0001")
    old.close()
    for _ in range(2):
        state, words = found("database")
        assert state == "warning"
        assert "Start Moodtracker" in words


def test_a_newer_schema_is_found(database):
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    state, words = found("database")
    assert state == "fault"
    assert "newer version" in words


# Backups


def test_backups_that_are_off_are_found(put):
    put(BACKUP_KEEP=0)
    state, words = found("backups")
    assert state == "warning"
    assert "MOODTRACKER_BACKUP_KEEP" in words


def test_a_last_backup_that_is_old_is_found(home, moved_clock):
    moved_clock.set(2036, 1, 1)
    state, words = found("backups")
    assert state == "warning"
    assert "days ago" in words


def test_a_backup_that_is_damaged_is_found(home):
    (backup,) = (home / "data" / "backups").iterdir()
    backup.write_text("dear diary, " * 900)
    state, words = found("backups")
    assert state == "fault"
    assert f"Delete data/backups/{backup.name}" in words


# Clock and zones


def test_a_clock_that_lost_its_battery_is_found(moved_clock):
    moved_clock.set(1970, 1, 1)
    state, words = found("clock")
    assert state == "fault"
    assert "NTP" in words


def test_a_clock_that_jumped_ahead_is_found(database, moved_clock):
    watch = ClockWatch(database)
    watch.is_believed()
    moved_clock.jump(timedelta(days=40))
    watch.is_believed()
    state, words = found("clock")
    assert state == "fault"
    assert "confirm-clock" in words


def test_a_clock_that_went_back_is_found(moved_clock):
    add(person(1), entry(1, 1))
    moved_clock.set(2026, 11, 20)
    state, words = found("clock")
    assert state == "fault"
    assert "2026-11-24" in words


def test_a_person_in_a_zone_that_nobody_knows_is_found():
    row = person(1)
    row.zone = "Mars/Olympus_Mons"
    add(row)
    state, words = found("zones")
    assert state == "fault"
    assert "Mars/Olympus_Mons" in words
    assert "tzdata" in words


# Address and proxy


def test_an_address_of_this_machine_alone_where_others_may_connect_is_found(put):
    put(HOST="0.0.0.0")
    assert "links in mails lead nowhere" in found("address")[1]


def test_an_address_without_encryption_is_found(put):
    put(BASE_URL="http://mood.home")
    assert "is not encrypted" in found("address")[1]


def test_a_proxy_that_nobody_trusts_is_found(put):
    put(BASE_URL="https://localhost:1")
    assert "MOODTRACKER_TRUSTED_PROXIES to its address" in found("proxy")[1]


def test_trust_in_everybody_is_found(put):
    put(TRUSTED_PROXIES="0.0.0.0/0,127.0.0.1")
    state, words = found("proxy")
    assert state == "warning"
    assert words.startswith("0.0.0.0/0 in")


def test_an_address_where_nothing_answers_is_found(put):
    put(BASE_URL=f"http://localhost:{free_port()}")
    state, words = found("address")
    assert state == "warning"
    assert "Nothing answers" in words


@pytest.mark.parametrize(
    ("pages", "cure"),
    [
        ({"/healthz": (200, {}, "<h1>My photos</h1>")}, "Something else than Moodtracker"),
        ({"/healthz": (301, {"Location": "https://mood.home/"}, "")}, "https://mood.home/"),
        ({"/healthz": (502, {}, "Bad Gateway")}, "does not reach Moodtracker"),
    ],
)
def test_a_proxy_that_leads_elsewhere_is_found(put, pages, cure):
    with website(pages) as url:
        put(BASE_URL=url)
        state, words = found("address")
    assert state == "fault"
    assert cure in words


def test_a_proxy_that_passes_no_websockets_is_found(put):
    with website(OK_PAGE) as url:
        put(BASE_URL=url)
        state, words = found("proxy")
    assert state == "fault"
    assert "Websockets do not get through" in words
    assert "docs/proxies.md" in words


def test_a_certificate_that_is_not_trusted_is_found(put, tmp_path):
    with website(OK_PAGE, certificate_for_localhost(tmp_path)) as url:
        put(BASE_URL=url, TRUSTED_PROXIES="127.0.0.1")
        state, words = found("address")
    assert state == "fault"
    assert "certificate" in words


def test_an_app_that_answers_is_told_with_its_websockets(tmp_path, put):
    server = Server(tmp_path).start()
    try:
        put(BASE_URL=server.url)
        assert found("address") == ("ok", f"{server.url} answers, and takes websockets. ")
    finally:
        server.stop()


def test_what_a_request_tells_of_its_proxy(put):
    put(BASE_URL="https://mood.home", TRUSTED_PROXIES="10.0.0.1")
    config = settings.load()

    def told(peer, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return [finding.words for finding in address.look_at_request(config, peer, named)]

    assert told("10.0.0.1", x_forwarded_for="1.2.3.4", host="mood.home") == []
    assert "is not believed" in told("10.0.0.2", x_forwarded_for="1.2.3.4", host="mood.home")[0]
    assert "does not say for whom" in told("10.0.0.1", host="mood.home")[0]
    assert "asked for at mood:8080" in told("10.0.0.1", x_forwarded_for="1", host="mood:8080")[0]
    assert told("unix:", host="mood.home") == []


# Sign-in


DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("document", "cure"),
    [
        ({"issuer": "https://else.example"}, "MOODTRACKER_OIDC_ISSUER=https://else.example"),
        ([], "calls itself None"),
        ({"issuer": "ISSUER"}, "token_endpoint"),
        (None, "404"),
    ],
)
def test_an_identity_provider_that_does_not_fit_is_found(put, document, cure):
    pages = {}
    with website(pages) as url:
        if document is not None:
            pages[DISCOVERY] = (200, {}, json.dumps(document).replace("ISSUER", url))
        put(OIDC_ISSUER=url, OIDC_CLIENT_ID="mood")
        state, words = found("sign-in")
    assert state == "fault"
    assert cure in words


def test_an_identity_provider_that_does_not_answer_is_found(put):
    put(OIDC_ISSUER=f"http://127.0.0.1:{free_port()}", OIDC_CLIENT_ID="mood")
    assert found("sign-in")[0] == "fault"


def test_an_identity_provider_that_fits_is_told(put):
    pages = {}
    with website(pages) as url:
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        document = {"issuer": url} | {name: f"{url}/{name}" for name in names}
        pages[DISCOVERY] = (200, {}, json.dumps(document))
        put(OIDC_ISSUER=url, OIDC_CLIENT_ID="mood")
        assert found("sign-in")[0] == "ok"


# Mail


@pytest.fixture
def mail(put, mail_server):
    put(
        SMTP_HOST="localhost",
        SMTP_PORT=mail_server.port,
        SMTP_SECURITY="none",
        MAIL_FROM="Moodtracker <mood@example.org>",
    )
    return mail_server


def test_no_mail_server_says_what_will_not_happen():
    state, words = found("mail")
    assert state == "warning"
    assert "no board is mailed at the end of the year" in words
    assert "MOODTRACKER_SMTP_HOST" in words


def test_a_mail_server_that_takes_mails_is_told_and_nothing_is_sent(mail):
    assert found("mail")[0] == "ok"
    assert mail.taken == []


def test_a_real_mail_is_sent_where_one_is_asked_for(mail):
    state, words = found("mail", "me@example.org")
    assert state == "ok"
    assert "me@example.org" in words
    ((recipient, message),) = mail.taken
    assert recipient == "me@example.org"
    assert message["From"] == "Moodtracker <mood@example.org>"
    assert "the boards will arrive as well" in message.get_content()


def test_an_address_that_is_none_is_found(mail):
    assert "is no address" in found("mail", "me")[1]


def test_a_mail_server_that_is_down_is_found(put, mail):
    put(SMTP_PORT=free_port())
    state, words = found("mail")
    assert state == "fault"
    assert "refused" in words


def test_a_mail_server_without_starttls_is_found(put, mail):
    put(SMTP_SECURITY="starttls")
    state, words = found("mail")
    assert state == "fault"
    assert "MOODTRACKER_SMTP_SECURITY=tls" in words


def test_tls_spoken_to_a_mail_server_that_wants_none_is_found(put, mail):
    put(SMTP_SECURITY="tls")
    state, words = found("mail")
    assert state == "fault"
    assert "MOODTRACKER_SMTP_SECURITY=starttls" in words


def test_a_password_that_the_mail_server_does_not_take_is_found(put, mail):
    put(SMTP_USERNAME="mood", SMTP_PASSWORD="s3cret")
    state, words = found("mail")
    assert state == "fault"
    assert "MOODTRACKER_SMTP_PASSWORD" in words
    assert "s3cret" not in words


def test_a_sender_that_the_mail_server_does_not_take_is_found(mail):
    mail.behaviour.mail = "553 5.7.1 Not yours"
    state, words = found("mail")
    assert state == "fault"
    assert "MOODTRACKER_MAIL_FROM" in words


def test_a_recipient_that_the_mail_server_does_not_take_is_found(mail):
    mail.behaviour.rcpt["me@example.org"] = "550 5.1.1 No such user"
    state, words = found("mail", "me@example.org")
    assert state == "fault"
    assert "Try another address" in words


def test_a_host_that_there_is_none_is_found(put, mail):
    put(SMTP_HOST="mail.invalid")
    state, words = found("mail")
    assert state == "warning/fault"
    assert "Set MOODTRACKER_SMTP_SECURITY" in words
    assert "check MOODTRACKER_SMTP_HOST" in words


def test_boards_that_are_held_are_found(mail):
    held = sealed_year(1, 2025)
    held.state = "held"
    add(person(1), held)
    state, words = found("mail")
    assert state == "ok/warning"
    assert "year-end status" in words


# The command


def run(*words):
    return CliRunner().invoke(main, ["check", *words])


@pytest.fixture(autouse=True)
def _log_as_before(monkeypatch):
    monkeypatch.setattr("moodtracker.cli.logs.configure", lambda *_: None)


def test_the_command_ends_with_0_where_there_is_no_fault():
    answer = run()
    assert answer.exit_code == 0
    assert "warning mail" in answer.output


def test_the_command_ends_with_1_where_there_is_a_fault(put, mail):
    put(SMTP_PORT=free_port())
    answer = run("--send-to", "me@example.org")
    assert answer.exit_code == 1
    assert "FAULT   mail" in answer.output
    assert "-> Check MOODTRACKER_SMTP_HOST" in answer.output


def test_one_check_that_breaks_keeps_no_other_from_looking(home):
    (home / "data" / "secret_key").unlink()
    (home / "data" / "secret_key").mkdir(mode=0o700)
    findings = list(checks.look())
    assert [f.words for f in findings if f.subject == "secret key"] == [
        "This could not be looked at (IsADirectoryError)."
    ]
    assert findings[-1].subject == "mail"


def test_an_address_that_mails_cannot_be_sent_by_is_found_before_january(mail, put, mail_server):
    put(BOUNCE_ADDRESS="bounce@example.org")
    assert found("bounces")[0] == "ok"
    mail_server.behaviour.mail = "553 5.7.1 not your address"
    state, words = found("bounces")
    assert state == "fault"
    assert "bounce+m0-" in words
    assert "553 5.7.1 not your address" in words


def test_a_test_mail_is_sent_by_what_boards_are_sent_by(mail, put, mail_server):
    put(BOUNCE_ADDRESS="bounce@example.org")
    assert found("mail", send_to="me@example.org")[0] == "ok"
    assert mail_server.senders[0].startswith("bounce+")
    mail_server.behaviour.mail_by["bounce+"] = "550 5.7.1 not owned by mood@example.org"
    assert found("mail", send_to="me@example.org")[0] == "fault"
