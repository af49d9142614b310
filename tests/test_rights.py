import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from moodtracker import rights
from support.needs import missing
from support.server import ROOT

NOBODY = 65534


def as_nobody(folder):
    """What a process without any rights is told of the database in ``folder``."""
    if os.geteuid() != 0:
        missing("the rights of root")
    code = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); from moodtracker import rights; "
        f"os.setgid({NOBODY}); os.setuid({NOBODY}); from pathlib import Path; "
        f"print(rights.refusal(Path({str(folder)!r}) / 'moodtracker.db'))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return told.stdout.strip()


@pytest.fixture
def folder(tmp_path_factory):
    """A folder that everybody can reach."""
    made = tmp_path_factory.mktemp("data")
    for parent in (made, *made.parents):
        if parent == Path(tempfile.gettempdir()):
            break
        parent.chmod(0o755)
    return made


def test_a_folder_that_can_be_written_is_no_trouble(tmp_path):
    assert rights.refusal(tmp_path / "new" / "moodtracker.db") is None


def test_a_folder_of_another_user_is_said_in_a_sentence_with_its_cure(folder):
    assert as_nobody(folder) == (
        f"{folder} cannot be written (Permission denied) by the user that runs Moodtracker, number "
        "65534. As root, on the machine itself and for the folder that is mounted here if this is "
        f"a container: chown -R 65534:65534 {folder}"
    )


@pytest.mark.parametrize("name", ["moodtracker.db", "moodtracker.db-wal"])
def test_a_file_of_another_user_is_said_too(folder, name):
    (folder / name).touch()
    folder.chmod(0o777)
    assert as_nobody(folder).startswith(f"{folder / name} cannot be written")


def test_a_folder_mounted_read_only_is_said(tmp_path):
    if os.geteuid() != 0:
        missing("the rights of root")
    command = (
        f"mount -t tmpfs -o ro none {tmp_path} && exec {sys.executable} -c '{_ASK}' {tmp_path}"
    )
    told = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert "mounted read-only" in told.stdout


_ASK = (
    "import sys; from pathlib import Path; from moodtracker import rights; "
    'print(rights.refusal(Path(sys.argv[1]) / "moodtracker.db"))'
)
