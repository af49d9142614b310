"""The command that shows whether the tests can be trusted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.server import ROOT
from support.waiting import await_that

NOTE = "import sys; open(sys.argv[1], 'a').write('ran\\n'); sys.exit(int(sys.argv[2]))"
WAIT_THE_SECOND_TIME = """
import os, sys
if os.path.exists(sys.argv[1]):
    sys.stdin.read()
open(sys.argv[1], "a").close()
"""


def steady(times, *command, **how):
    return subprocess.Popen(
        [sys.executable, "-m", "support.steady", str(times), sys.executable, "-c", *command],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        stdout=subprocess.PIPE,
        text=True,
        **how,
    )


def test_every_second_run_has_busy_loops_beside_it_and_all_are_counted(tmp_path):
    running = steady(3, NOTE, str(tmp_path / "ran"), "0")
    said = running.communicate()[0].splitlines()
    assert running.returncode == 0
    assert [line.partition(" (")[0] for line in said] == [
        f"steady: run {number} of 3: good" for number in (1, 2, 3)
    ]
    assert ["2 busy loops" in line for line in said] == [False, True, False]
    assert (tmp_path / "ran").read_text() == "ran\n" * 3


def test_the_first_run_that_fails_is_the_last(tmp_path):
    running = steady(3, NOTE, str(tmp_path / "ran"), "5")
    assert "run 1 of 3: FAILED" in running.communicate()[0]
    assert running.returncode == 5
    assert (tmp_path / "ran").read_text() == "ran\n"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_no_busy_loop_stays(tmp_path, how):
    running = steady(2, WAIT_THE_SECOND_TIME, str(tmp_path / "ran"), stdin=subprocess.PIPE)
    loops = await_that(lambda: busy_loops(running.pid))
    assert len(loops) == 2
    running.send_signal(how)
    running.stdin.close()
    running.wait()
    await_that(lambda: not any(command_of(pid) for pid in loops))  # a dead one has none


def busy_loops(parent):
    """The processes that ``parent`` has begun to keep the machine busy."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    found = [pid for pid in children if b"getppid" in command_of(pid)]
    return found if len(found) == 2 else []


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
