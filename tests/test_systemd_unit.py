"""deploy/moodtracker.service, judged by systemd's own tools."""

import json
import re
import shutil
import subprocess

import pytest

from support.needs import missing
from support.server import ROOT

HOME = "/opt/moodtracker"
# On systemd's own scale, from 0 (nothing can be reached) to 10.
EXPOSED_AT_MOST = 2.0


@pytest.fixture
def unit(tmp_path):
    """The unit, with the folder of an installation that is there."""
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze (Debian's package systemd)")
    program = tmp_path / ".venv" / "bin" / "moodtracker"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    shutil.copy(ROOT / "README.md", tmp_path)
    file = tmp_path / "moodtracker.service"
    text = (ROOT / "deploy" / "moodtracker.service").read_text()
    assert HOME in text
    file.write_text(text.replace(HOME, str(tmp_path)))
    return file


def analyze(*words):
    return subprocess.run(
        ["systemd-analyze", *map(str, words)], capture_output=True, text=True, check=False
    )


def test_systemd_finds_no_fault_with_the_unit(unit):
    found = analyze("verify", unit)
    assert (found.returncode, found.stderr) == (0, "")


def test_the_unit_can_reach_next_to_nothing(unit):
    told = analyze("security", "--offline=true", "--json=short", unit).stdout
    assert {row["name"] for row in json.loads(told) if row["set"] is True} >= {
        "ProtectSystem=",
        "NoNewPrivileges=",
        "PrivateDevices=",
    }
    told = analyze("security", "--offline=true", unit).stdout
    exposure = re.search(r"Overall exposure level for moodtracker\.service: ([\d.]+)", told)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSED_AT_MOST
