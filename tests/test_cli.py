import logging
import os
import shutil
import socket

import pytest
from click.testing import CliRunner

from moodtracker import __version__, settings
from moodtracker.accounts import registration, sessions
from moodtracker.accounts.registration import Registration
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.cli import main
from moodtracker.database import Database
from support.signing_in import sign_in

PASSWORD = "correct horse battery staple"
SECRET = "s3cret-of-the-house"


@pytest.fixture(autouse=True)
def _log_as_before(monkeypatch):
    """Commands set up the log of their process; this one has to keep pytest's."""
    monkeypatch.setattr("moodtracker.cli.logs.configure", lambda *_: None)


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path, sqlite_template):
    """A data folder with an empty database, and no settings but where it is."""
    for name in os.environ:
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOODTRACKER_DATA_DIR", str(tmp_path))
    shutil.copy(sqlite_template, tmp_path / "moodtracker.db")
    return tmp_path


@pytest.fixture
def database(home):
    opened = Database(f"sqlite:///{home / 'moodtracker.db'}")
    yield opened
    opened.close()


def run(*words, code=0, **more):
    result = CliRunner().invoke(main, words, **more)
    assert "Traceback" not in result.output
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def register(database, username):
    form = {
        "username": username,
        "email": f"{username}@example.org",
        "first_name": username.capitalize(),
        "password": PASSWORD,
        "zone": "Europe/Berlin",
    }
    return registration.register(database, "open", Registration.check(form))


def test_the_version_is_told():
    assert __version__ in run("--version")


@pytest.mark.parametrize("words", [(), ("user",), ("year-end",)])
def test_without_a_command_those_that_there_are_are_told(words):
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert "Commands:" in result.output


def test_a_new_folder_is_made_and_the_database_brought_up_to_date(monkeypatch, home):
    monkeypatch.setenv("MOODTRACKER_DATA_DIR", str(home / "new" / "folder"))
    assert run("user", "list") == ""
    assert (home / "new" / "folder" / "moodtracker.db").is_file()


# demo


def test_demo_makes_somebody_to_sign_in_as(database):
    password = run("demo").split()[-1]
    who = sessions.find(database, sign_in(database, "demo", password))
    assert who.person.zone == "UTC"


def test_demo_takes_a_zone(database):
    password = run("demo", "--zone", "Asia/Tokyo").split()[-1]
    who = sessions.find(database, sign_in(database, "demo", password))
    assert who.person.zone == "Asia/Tokyo"


def test_demo_refuses_a_zone_that_there_is_none():
    assert "zone" in run("demo", "--zone", "Mars/Olympus_Mons", code=1)


def test_a_zone_that_there_is_none_does_no_lasting_harm():
    CliRunner().invoke(main, ["demo", "--zone", "Mars/Olympus_Mons"])
    assert run("user", "list") == ""
    assert run("demo")


def test_demo_leaves_somebody_real_who_is_called_demo_alone(database):
    register(database, "demo")
    assert "their moods stay theirs" in run("demo", code=1)
    assert sign_in(database, "demo", PASSWORD)


# user


def test_user_list_tells_who_is_here_and_who_administers(database):
    register(database, "bob")
    register(database, "ada")
    assert run("user", "list").splitlines() == [
        "ada\tada@example.org\tEurope/Berlin",
        "bob\tbob@example.org\tEurope/Berlin (administrator)",
    ]


def test_user_list_tells_no_hash_of_a_password(database):
    register(database, "ada")
    assert "argon2" not in run("user", "list")


def test_reset_password_gives_a_new_one_and_signs_out_everywhere(database):
    ada = register(database, "ada")
    cookie = sessions.open_session(database, ada.id)
    said = run("user", "reset-password", "ada", "--password", "a whole new sentence")
    assert said == "ada has a new password and is signed out everywhere.\n"
    assert sessions.find(database, cookie) is None
    assert sign_in(database, "ada", "a whole new sentence")
    with pytest.raises(SignInRefused):
        sign_in(database, "ada", PASSWORD)


@pytest.mark.parametrize("name", ["ADA", "Ada@Example.org"])
def test_reset_password_finds_a_person_as_signing_in_does(database, name):
    register(database, "ada")
    run("user", "reset-password", name, "--password", "a whole new sentence")
    assert sign_in(database, "ada", "a whole new sentence")


def test_reset_password_asks_for_it_twice_and_does_not_show_it(database):
    register(database, "ada")
    said = run("user", "reset-password", "ada", input=f"{SECRET}\n{SECRET}\n")
    assert SECRET not in said
    assert sign_in(database, "ada", SECRET)


def test_reset_password_refuses_a_short_one_in_a_sentence(database):
    register(database, "ada")
    said = run("user", "reset-password", "ada", "--password", "hunter2", code=1)
    assert said == "Error: At least 12 characters, please; a sentence is fine.\n"
    assert sign_in(database, "ada", PASSWORD)


@pytest.mark.parametrize("name", ["eve", "a\0da", "x" * 1000, ""])
def test_somebody_who_is_not_here_is_said_in_a_sentence(database, name):
    register(database, "ada")
    said = run("user", "reset-password", name, "--password", SECRET, code=1)
    assert "There is nobody called" in said
    assert SECRET not in said


# year-end


def test_year_end_status_before_any_year_was_closed():
    said = run("year-end", "status").splitlines()
    assert said == [
        "No mail server is set: finished boards wait, and nothing is erased unseen.",
        "No year has been closed yet.",
    ]


def test_year_end_status_with_a_mail_server(monkeypatch):
    monkeypatch.setenv("MOODTRACKER_SMTP_HOST", "mail.example.org")
    monkeypatch.setenv("MOODTRACKER_MAIL_FROM", "mood@example.org")
    assert run("year-end", "status") == "No year has been closed yet.\n"


def test_a_rehearsal_needs_a_mail_server(database):
    register(database, "ada")
    said = run("year-end", "rehearse", "--user", "ada", "--to", "ada@example.org", code=1)
    assert "MOODTRACKER_SMTP_HOST" in said


# What is wrong is said in a sentence


COMMANDS = [("demo",), ("user", "list"), ("year-end", "status"), ("year-end", "run")]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_wrong_setting_is_said_in_a_sentence(monkeypatch, words):
    monkeypatch.setenv("MOODTRACKER_PORT", SECRET)
    said = run(*words, code=1)
    assert said.startswith("Error: MOODTRACKER_PORT: ")
    assert SECRET not in said


@pytest.mark.parametrize("words", COMMANDS)
def test_a_database_out_of_reach_is_said_in_a_sentence(monkeypatch, words):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        url = f"postgresql://ada:{SECRET}@127.0.0.1:{port}/mood"
        monkeypatch.setenv("MOODTRACKER_DATABASE_URL", url)
        said = run(*words, code=1)
    assert said.startswith("Error: The database does not open: ")
    assert SECRET not in said
    assert len(said.splitlines()) == 1


def test_an_address_of_a_database_that_cannot_be_read_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setenv("MOODTRACKER_DATABASE_URL", f"postgresql://ada:{SECRET}@db:port/mood")
    said = run("user", "list", code=1)
    assert SECRET not in said


def test_a_data_folder_that_cannot_be_made_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setenv("MOODTRACKER_DATA_DIR", "/dev/null/mood")
    said = run("user", "list", code=1)
    assert said.startswith("Error: The folder /dev/null/mood cannot be made")


def test_a_database_of_a_newer_version_is_said_in_a_sentence(database):
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "newer version of Moodtracker" in run("user", "list", code=1)


def test_a_commands_log_tells_of_trouble_alone(monkeypatch):
    configured = []
    monkeypatch.setattr("moodtracker.cli.logs.configure", configured.append)
    run("user", "list")
    assert configured == [logging.WARNING]


# user add, user delete, invite


def add(username, *more, code=0, **given):
    options = {
        "email": f"{username}@example.org",
        "first-name": username.capitalize(),
        "zone": "Europe/Berlin",
        "password": PASSWORD,
    } | given
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return run("user", "add", username, *words, *more, code=code)


def test_user_add_makes_somebody_who_can_sign_in(monkeypatch, database):
    monkeypatch.setenv("MOODTRACKER_REGISTRATION", "closed")
    assert add("bob") == "bob can sign in at http://localhost:8080.\n"
    assert sign_in(database, "bob", PASSWORD)
    assert "administrator" not in run("user", "list")


def test_the_first_administrator_that_is_added_is_the_first_person(database):
    add("bob")
    add("ada", "--administrator")
    add("eve", "--administrator")
    assert run("user", "list").count("(administrator)") == 2
    assert not registration.is_open(database, "first")


def test_user_add_says_what_is_wrong_in_sentences(database):
    add("bob")
    assert "already in use" in add("bob", code=1)
    said = add("x", code=1, email="nowhere", zone="Mars", password=SECRET[:5])
    assert {line.split(":")[0] for line in said.removeprefix("Error: ").splitlines()} == {
        "username",
        "email",
        "zone",
        "password",
    }
    assert SECRET[:5] not in said


def test_user_delete_asks_first_and_leaves_nothing(database):
    register(database, "ada")
    run("user", "delete", "ada", input="n\n", code=1)
    assert "ada" in run("user", "list")
    assert run("user", "delete", "ada", "--yes") == "The account of ada is deleted.\n"
    assert run("user", "list") == ""


def test_user_delete_keeps_the_last_administrator_while_others_are_here(database):
    register(database, "ada")
    add("bob")
    assert "moodtracker user promote" in run("user", "delete", "ada", "--yes", code=1)
    assert run("user", "promote", "bob") == "bob is an administrator now.\n"
    run("user", "delete", "ada", "--yes")
    assert "bob" in run("user", "list")
    assert run("user", "list").count("(administrator)") == 1


def test_invite_makes_a_link_that_lets_one_person_join(monkeypatch, database):
    monkeypatch.setenv("MOODTRACKER_REGISTRATION", "invite")
    register(database, "ada")
    link = run("invite").strip()
    assert link.startswith("http://localhost:8080/register?invitation=")
    token = link.partition("=")[2]
    assert registration.is_open(database, "invite", token)


def test_invite_says_where_invitations_do_not_work():
    assert "MOODTRACKER_REGISTRATION=invite" in run("invite")
