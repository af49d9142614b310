"""The real server, started in a fifth of a second: forked from one that has loaded everything.

Only the imports are spared. Each server is a process of its own that reads its settings, opens and
migrates the database and serves, as `python main.py` does, and that can be killed for real.
Run as `python -m support.nursery`, the nursery answers each line that it reads with one: it forks
a server and tells its process id, or tells what a server has ended with.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path
from threading import Lock

from support import faked_clock

ROOT = Path(__file__).resolve().parents[2]


@lru_cache
def nursery(**environment: str) -> "Nursery":
    """The one of this process whose servers find ``environment`` as they load."""
    return Nursery(environment)


class Nursery:
    """It ends with the process that it serves."""

    def __init__(self, environment: dict[str, str]) -> None:
        path = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
        self._asking = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.nursery"],
            env=os.environ | environment | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, folder: Path, environment: dict[str, str]) -> "Child":
        """A server that works in ``folder``, and logs there."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)
        pid = self.ask(folder=str(folder), environment=environment, files=files)
        assert pid is not None
        return Child(self, pid)

    def ask(self, **order: object) -> int | None:
        with self._asking:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


class Child:
    """A server's process, to be treated as one of ``subprocess``."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._ended_with: int | None = None

    def poll(self) -> int | None:
        """What it ended with; None while it runs."""
        if self._ended_with is None:
            self._ended_with = self._nursery.ask(ended=self.pid)
        return self._ended_with

    def send_signal(self, how: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, how)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (ended_with := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("main.py", timeout)
            time.sleep(0.005)
        return ended_with


def main() -> None:
    import main as app  # noqa: PLC0415 - here alone: it takes a second, and tests do without

    for line in sys.stdin:
        order = json.loads(line)
        if "ended" in order:
            pid, status = os.waitpid(order["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                _become_server(**order)
                sys.exit(app.main())
        print(json.dumps(answer), flush=True)


def _become_server(folder: str, environment: dict[str, str], files: tuple[int, int]) -> None:
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_NOFILE, tuple(files))
    os.environ.clear()
    os.environ.update(environment)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    if clock := environment.get("FAKETIME_TIMESTAMP_FILE"):
        faked_clock.follow(Path(clock))
    sys.argv = ["main.py"]


if __name__ == "__main__":
    main()
