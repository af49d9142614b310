import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from moodtracker import settings
from moodtracker.secret import Secret
from moodtracker.settings import SettingsError
from support.server import ROOT

KEY = "a key of more than thirty-two characters"


def secret_of(folder, **given):
    return Secret.of(settings.load(data_dir=folder, **given))


def test_a_key_is_made_at_the_first_start_and_kept(tmp_path):
    first = secret_of(tmp_path / "data")
    assert secret_of(tmp_path / "data").key("cookies") == first.key("cookies")
    assert secret_of(tmp_path / "elsewhere").key("cookies") != first.key("cookies")


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 40, b"\0" * 64, b" " * 40])
def test_a_key_that_is_empty_or_damaged_is_refused_with_its_cure(tmp_path, content):
    (tmp_path / "secret_key").write_bytes(content)
    with pytest.raises(SettingsError, match="delete the file to have a new one made"):
        secret_of(tmp_path)
    assert (tmp_path / "secret_key").read_bytes() == content


@pytest.mark.parametrize("given", ["", '""', " " * 40, "\0" * 64, "changeme" * 4])
def test_a_key_from_the_settings_that_is_empty_or_can_be_guessed_is_refused(tmp_path, given):
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        secret_of(tmp_path, secret_key=given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["", "\n", "\0" * 64])
def test_a_file_for_the_key_that_is_empty_or_holds_none_is_refused(tmp_path, content):
    file = tmp_path / "key"
    file.write_text(content)
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        secret_of(tmp_path / "data", secret_key_file=file)


def test_only_its_owner_can_read_the_key(tmp_path):
    secret_of(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_use_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_of(tmp_path).key("cookies"), range(32)))
    assert len(keys) == 1


def test_what_a_killed_start_left_of_a_key_is_no_key(tmp_path):
    (tmp_path / "secret_key.new").write_text("half of " * 20)
    first = secret_of(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]
    assert "half" not in (tmp_path / "secret_key").read_text()
    assert secret_of(tmp_path).key("cookies") == first.key("cookies")


def test_a_key_is_made_on_a_file_system_without_links(tmp_path):
    """As memory sticks have (exFAT); in a process that may make none, which is told alike."""
    made = subprocess.run(
        [sys.executable, "-c", NO_LINKS, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "secret_key").stat().st_size == 64


NO_LINKS = """
import sys
from pathlib import Path
def refuse(event, words):
    if event in ("os.link", "os.symlink"):
        raise PermissionError(1, "Operation not permitted")
sys.addaudithook(refuse)
from moodtracker import secret, settings
secret.Secret.of(settings.load(data_dir=Path(sys.argv[1])))
"""


def test_a_key_that_is_set_is_used_and_nothing_is_written(tmp_path):
    first = secret_of(tmp_path, secret_key=KEY)
    assert list(tmp_path.iterdir()) == []
    assert first.key("cookies") == Secret(KEY).key("cookies")


def test_a_key_can_stand_in_a_file_of_its_own(tmp_path):
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    found = secret_of(tmp_path, secret_key_file=file)
    assert found.key("cookies") == Secret(KEY).key("cookies")


def test_a_key_that_could_be_guessed_is_refused_and_not_shown(tmp_path):
    with pytest.raises(SettingsError, match="SECRET_KEY needs 32 characters") as wrong:
        secret_of(tmp_path, secret_key="hunter2")
    assert "hunter2" not in str(wrong.value)


def test_a_folder_that_cannot_be_written_is_said_with_what_helps(tmp_path):
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(SettingsError, match="make the folder writable"):
        secret_of(tmp_path / "data")


def test_keys_for_different_purposes_have_nothing_in_common():
    secret = Secret(KEY)
    assert len({secret.key("cookies"), secret.key("links"), secret.digest("links", "x")}) == 3
    assert KEY not in secret.key("cookies")


def test_a_digest_is_the_same_for_the_same_text_alone():
    secret = Secret(KEY)
    assert secret.digest("throttle", "ada") == secret.digest("throttle", "ada")
    assert secret.digest("throttle", "ada") != secret.digest("throttle", "bob")
    assert len(secret.digest("throttle", "half a character \ud800")) == 64
