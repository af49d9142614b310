import os
import re
from datetime import time
from pathlib import Path

import pytest

from moodtracker import settings, settings_page
from moodtracker.settings import SettingsError

SECRET = "s3cret-of-the-house"


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    """No setting of the machine that the tests run on, and a folder without `.env`."""
    for name in os.environ:
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def put(monkeypatch):
    """Set settings in the environment: ``put(PORT="80")``."""

    def set_all(**given):
        for name, value in given.items():
            monkeypatch.setenv(settings.PREFIX + name, value)

    return set_all


def refusal():
    with pytest.raises(SettingsError) as refused:
        settings.load()
    return str(refused.value)


def test_without_any_setting_the_defaults_of_the_documents_hold():
    found = settings.load()
    assert found.data_dir == Path("data")
    assert found.database_url == "sqlite:///data/moodtracker.db"
    assert (found.host, found.port) == ("127.0.0.1", 8080)
    assert found.base_url == "http://localhost:8080"
    assert found.registration == "first"
    assert (found.smtp_host, found.smtp_port, found.smtp_security) == (None, 587, "starttls")
    assert (found.smtp_username, found.smtp_password, found.mail_from) == (None, None, None)
    assert (found.year_end_mail_at, found.year_end_keep_days) == (time(9), 30)


def test_the_environment_is_read(put):
    put(PORT="9000", REGISTRATION="open", YEAR_END_MAIL_AT="00:00", YEAR_END_KEEP_DAYS="0")
    found = settings.load()
    assert (found.port, found.registration) == (9000, "open")
    assert (found.year_end_mail_at, found.year_end_keep_days) == (time(0), 0)


def test_an_env_file_is_read_and_the_environment_comes_first(put, tmp_path):
    (tmp_path / ".env").write_text("MOODTRACKER_PORT=9000\nMOODTRACKER_HOST=0.0.0.0\n")
    put(PORT="9001")
    assert (settings.load().host, settings.load().port) == ("0.0.0.0", 9001)


def test_what_a_command_gives_comes_before_the_environment(put):
    put(PORT="9000")
    assert settings.load(port=9001).port == 9001


def test_other_programs_settings_are_no_matter(put, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=mood\n")
    monkeypatch.setenv("PORT", "1")
    assert settings.load().port == 8080


def test_a_setting_left_empty_is_not_set(put):
    put(PORT="", DATABASE_URL="", SMTP_HOST="", SMTP_PASSWORD="", YEAR_END_MAIL_AT="", BASE_URL="")
    assert settings.load() == settings.Settings()
    assert settings.load().port == 8080


def test_settings_cannot_change_once_they_are_read():
    with pytest.raises(ValueError, match="frozen"):
        settings.load().port = 1


# What follows from what


def test_the_database_lies_in_the_data_folder(put):
    put(DATA_DIR="/srv/mood")
    assert settings.load().database_url == "sqlite:////srv/mood/moodtracker.db"


def test_the_address_follows_the_port(put):
    put(PORT="9000")
    assert settings.load().base_url == "http://localhost:9000"


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_through_psycopg(put, scheme):
    put(DATABASE_URL=f"{scheme}://ada:{SECRET}@db/mood?sslmode=require")
    assert (
        settings.load().database_url == f"postgresql+psycopg://ada:{SECRET}@db/mood?sslmode=require"
    )


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_a_slash_at_the_end_of_the_address_makes_no_difference(put, slashes):
    put(BASE_URL="https://mood.example.org/family" + slashes)
    assert settings.load().base_url == "https://mood.example.org/family"


@pytest.mark.parametrize(
    ("address", "secure", "origin", "hostname"),
    [
        ("http://localhost:8080", False, "http://localhost:8080", "localhost"),
        ("https://mood.example.org", True, "https://mood.example.org", "mood.example.org"),
        ("https://example.org:8443/mood/", True, "https://example.org:8443", "example.org"),
        ("http://[::1]:8080", False, "http://[::1]:8080", "::1"),
    ],
)
def test_the_address_says_scheme_origin_and_host(put, address, secure, origin, hostname):
    put(BASE_URL=address)
    found = settings.load()
    assert (found.secure, found.origin, found.hostname) == (secure, origin, hostname)


@pytest.mark.parametrize(
    "address",
    [
        "HTTPS://mood.example.org",
        "https://Mood.Example.org",
        "https://mood.example.org:443",
        " https://mood.example.org",
    ],
)
def test_the_origin_is_the_one_that_browsers_send_however_the_address_is_written(put, address):
    put(BASE_URL=address)
    assert (settings.load().secure, settings.load().origin) == (True, "https://mood.example.org")


# Secrets


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", " \n"])
def test_secrets_are_read_from_files_too(put, tmp_path, ending):
    (tmp_path / "password").write_text(SECRET + ending)
    (tmp_path / "url").write_text(f"postgresql://ada:{SECRET}@db/mood{ending}")
    put(SMTP_PASSWORD_FILE=str(tmp_path / "password"), DATABASE_URL_FILE=str(tmp_path / "url"))
    found = settings.load()
    assert found.smtp_password.get_secret_value() == SECRET
    assert found.database_url == f"postgresql+psycopg://ada:{SECRET}@db/mood"


@pytest.mark.parametrize("name", ["SMTP_PASSWORD", "DATABASE_URL"])
def test_a_secret_given_twice_is_refused(put, tmp_path, name):
    (tmp_path / "file").write_text(f"sqlite:///{SECRET}")
    put(**{name: f"sqlite:///{SECRET}", f"{name}_FILE": str(tmp_path / "file")})
    said = refusal()
    assert f"MOODTRACKER_{name} or MOODTRACKER_{name}_FILE, not both" in said
    assert SECRET not in said


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_bytes(b"\xff\xfe")])
def test_a_secret_file_that_cannot_be_read_is_said(put, tmp_path, make):
    make(tmp_path / "file")
    put(SMTP_PASSWORD_FILE=str(tmp_path / "file"))
    assert "MOODTRACKER_SMTP_PASSWORD_FILE names a file that cannot be read" in refusal()


@pytest.mark.parametrize("name", ["SMTP_PASSWORD_FILE", "DATABASE_URL_FILE"])
def test_the_setting_of_a_secret_file_that_is_not_there_is_named(put, tmp_path, name):
    put(**{name: str(tmp_path / "nothing")})
    assert f"MOODTRACKER_{name}" in refusal()


def test_the_mail_password_does_not_show_in_what_is_printed(put):
    put(SMTP_PASSWORD=SECRET)
    assert SECRET not in f"{settings.load()!r} {settings.load()}"


def test_the_databases_password_does_not_show_in_what_is_printed(put):
    put(DATABASE_URL=f"postgresql://ada:{SECRET}@db/mood")
    assert SECRET not in f"{settings.load()!r} {settings.load()}"


# What is refused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", SECRET),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80.5"),
        ("DATABASE_URL", f"mysql://ada:{SECRET}@db/mood"),
        ("DATABASE_URL", f"postgres://ada:{SECRET}@db/mood"),
        ("DATABASE_URL", SECRET),
        ("DATABASE_URL", "sqlite://"),
        ("BASE_URL", "mood.example.org"),
        ("BASE_URL", "ftp://mood.example.org"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://["),
        ("BASE_URL", f"//{SECRET}"),
        ("REGISTRATION", SECRET),
        ("REGISTRATION", "Open"),
        ("SMTP_PORT", SECRET),
        ("SMTP_PORT", "0"),
        ("SMTP_SECURITY", SECRET),
        ("SMTP_SECURITY", "ssl"),
        ("YEAR_END_MAIL_AT", SECRET),
        ("YEAR_END_MAIL_AT", "24:00"),
        ("YEAR_END_MAIL_AT", "9"),
        ("YEAR_END_MAIL_AT", "09:00Z"),
        ("YEAR_END_MAIL_AT", "09:00+01:00"),
        ("YEAR_END_KEEP_DAYS", SECRET),
        ("YEAR_END_KEEP_DAYS", "-1"),
        ("YEAR_END_KEEP_DAYS", "91"),
        ("YEAR_END_KEEP_DAYS", "1.5"),
        ("MAIL_FROM", SECRET),
        ("MAIL_FROM", "Mood <mood>"),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(put, name, value):
    put(**{name: value})
    said = refusal()
    assert name in said
    assert SECRET not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "value", ["https://mood.example.org:99999", "https://mood.example.org/?a=b", "https://a.b/#c"]
)
def test_an_address_that_no_page_can_have_is_refused(put, value):
    put(BASE_URL=value)
    assert "BASE_URL" in refusal()


def test_a_refusal_keeps_no_trace_of_what_was_given(put):
    put(DATABASE_URL=SECRET)
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert refused.value.__suppress_context__


def test_every_wrong_setting_is_named_in_a_line_of_its_own(put):
    put(PORT="x", REGISTRATION="x", YEAR_END_KEEP_DAYS="x")
    names = [line.partition(":")[0] for line in refusal().splitlines()]
    assert sorted(names) == [
        "MOODTRACKER_PORT",
        "MOODTRACKER_REGISTRATION",
        "MOODTRACKER_YEAR_END_KEEP_DAYS",
    ]


def test_a_mail_server_needs_a_sender(put):
    put(SMTP_HOST="mail.example.org")
    assert "SMTP_HOST needs MAIL_FROM" in refusal()
    put(MAIL_FROM="Moodtracker <mood@example.org>")
    assert settings.load().mail_from == "Moodtracker <mood@example.org>"


def test_a_mail_user_needs_a_password(put):
    put(SMTP_HOST="mail.example.org", MAIL_FROM="mood@example.org", SMTP_USERNAME="mood")
    assert "SMTP_USERNAME needs SMTP_PASSWORD" in refusal()
    put(SMTP_PASSWORD=SECRET)
    assert settings.load().smtp_username == "mood"


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_that_docker_keeps_around_a_value_are_taken_off(put, quote):
    put(
        SMTP_HOST=f"{quote}mail.example.org{quote}",
        SMTP_PORT=f"{quote}25{quote}",
        SMTP_USERNAME=f"{quote}mood{quote}",
        SMTP_PASSWORD=f'{quote}it\'s "so"{quote}',
        MAIL_FROM=f"{quote}Mood <mood@example.org>{quote}",
    )
    found = settings.load()
    assert (found.smtp_host, found.smtp_port) == ("mail.example.org", 25)
    assert found.smtp_password.get_secret_value() == 'it\'s "so"'
    assert found.mail_from == "Mood <mood@example.org>"


def test_quotes_that_are_a_part_of_a_value_stay(put):
    put(MAIL_FROM='"Mood, of home" <mood@example.org>')
    assert settings.load().mail_from == '"Mood, of home" <mood@example.org>'


@pytest.mark.parametrize(
    "sender",
    [
        "mood",
        "mood@",
        "@example.org",
        "Mood <mood@>",
        "mood@example.org, moon@example.org",
        "mood@exa mple.org",
        "mood@-example.org",
        "jörg@example.org",
        "mo od@example.org",
        "Mood\nX: y <mood@example.org>",
        "mood@192.0.2.1",
        "mood@example.123",
        f"{'m' * 65}@example.org",
        '"mood@example.org',
        'Mood" <mood@example.org>',
        "mailto:mood@example.org",
        "Mood: <mood@example.org>",
        "mood@example.org (Mood)",
        "<mood@example.org> Mood",
        "mood@example.org..",
    ],
)
def test_a_sender_that_no_server_would_take_is_refused(put, sender):
    put(MAIL_FROM=sender)
    assert "MAIL_FROM" in refusal()


@pytest.mark.parametrize(
    ("sender", "used"),
    [
        ("mood@example.org.", "mood@example.org"),
        ("Mood <mood@example.org.>", "Mood <mood@example.org>"),
        ("mood@localhost", "mood@localhost"),
        ("mood@nas.lan", "mood@nas.lan"),
        ("<mood@example.org>", "<mood@example.org>"),
        ("Mood (home) <mood@example.org>", "Mood (home) <mood@example.org>"),
        ('"The \\"Mood\\"" <mood@example.org>', '"The \\"Mood\\"" <mood@example.org>'),
        (f"{'m' * 64}@example.org", f"{'m' * 64}@example.org"),
    ],
)
def test_a_sender_is_one_that_some_server_takes(put, sender, used):
    put(MAIL_FROM=sender)
    assert settings.load().mail_from == used


@pytest.mark.parametrize(
    ("sender", "words"),
    [("mailto:mood@example.org", "without mailto:"), ('"mood@example.org', "quote")],
)
def test_what_is_wrong_with_a_sender_is_said(put, sender, words):
    put(MAIL_FROM=sender)
    assert words in refusal()


@pytest.mark.parametrize(
    ("host", "used"),
    [
        ("mail.example.org", "mail.example.org"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("straße.example", "xn--strae-oqa.example"),
        ("relay", "relay"),
    ],
)
def test_a_mail_server_is_a_name_or_an_address(put, host, used):
    put(SMTP_HOST=host, MAIL_FROM="mood@example.org")
    assert settings.load().smtp_host == used


@pytest.mark.parametrize("host", ["smtp://mail.example.org", "mail.example.org:587", "a b", "x..y"])
def test_a_mail_server_that_is_no_name_is_refused(put, host):
    put(SMTP_HOST=host, MAIL_FROM="mood@example.org")
    assert "SMTP_HOST" in refusal()


@pytest.mark.parametrize("name", ["SMTP_USERNAME", "SMTP_PASSWORD"])
def test_a_control_character_in_a_login_is_refused(put, name):
    login = {"SMTP_USERNAME": "mood", "SMTP_PASSWORD": SECRET} | {name: "one\ntwo"}
    put(SMTP_HOST="mail.example.org", MAIL_FROM="mood@example.org", **login)
    assert "control character" in refusal()


def test_a_public_address_beyond_ascii_is_spelled_as_browsers_do(put):
    put(BASE_URL="https://müsik.example/mood")
    assert settings.load().base_url == "https://xn--msik-0ra.example/mood"


def test_names_that_are_no_settings_are_found(put, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("MOODTRACKER_PROT=1\nMOODTRACKER_PORT=1\nOTHER=1\n")
    put(REGISTRATON="open", HOST="::1", SMTP_PASSWORD_FILE="/run/secrets/x")
    monkeypatch.setenv("OTHER_PORT", "1")
    assert settings.unknown_names() == ["MOODTRACKER_PROT", "MOODTRACKER_REGISTRATON"]


def test_without_mistakes_no_names_are_found():
    assert settings.unknown_names() == []


def test_the_documents_tell_of_every_setting_as_the_code_does():
    file = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
    assert file.read_text() == settings_page.text(), "run `make docs`"


def test_every_setting_says_what_it_means():
    settings_of_their_own = {
        name for name in settings.Settings.model_fields if not name.endswith("_file")
    }
    assert settings_of_their_own <= settings_page.meanings().keys()


@pytest.mark.parametrize(
    "name",
    ["Dockerfile", "compose.yaml", "compose.home.yaml", "deploy/moodtracker.service", "README.md"],
)
def test_every_setting_that_the_files_around_the_app_name_is_one(name):
    text = (Path(__file__).resolve().parents[1] / name).read_text()
    known = {f"MOODTRACKER_{field.upper()}" for field in settings.Settings.model_fields}
    # What Caddy's recipe takes from compose.home.yaml is not for the app.
    known |= {"MOODTRACKER_ADDRESS", "MOODTRACKER_UPSTREAM"}
    assert set(re.findall(r"MOODTRACKER_[A-Z_]+", text)) - known == set()
