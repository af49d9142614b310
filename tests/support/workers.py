"""Worker processes that can be killed for real, and a clock for them that can be set forward.

A nursery, a process that has loaded everything already, forks each worker: so one starts in
milliseconds. Run as `python -m support.workers`, it forks a worker for each line that it reads
(JSON: database's URL, mail server's port, clock's file), and writes the worker's process id.
"""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

from moodtracker import clock
from moodtracker.database import Database
from support.year_end import make_year_end

_ROOT = Path(__file__).resolve().parents[2]
_UP_FOR = 30 * 86_400  # seconds, of the machine


class Nursery:
    """Where workers come from; one serves many tests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.workers"],
            cwd=_ROOT / "tests",
            env=os.environ | {"PYTHONPATH": f"{_ROOT}{os.pathsep}{_ROOT / 'tests'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, database_url: str, port: int, clock_file: Path) -> int:
        """Start a worker; gives its process id."""
        self._process.stdin.write(json.dumps([database_url, port, str(clock_file)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class Workers:
    """Starts and kills workers over one database and one mail server."""

    def __init__(self, nursery: Nursery, folder: Path, database_url: str, port: int) -> None:
        self._nursery = nursery
        self._database_url = database_url
        self._port = port
        self._clock = folder / "clock"
        self._offset = timedelta(0)
        self.pass_time(timedelta(0))
        self.pids: list[int] = []

    def pass_time(self, by: timedelta) -> None:
        """Let so much time pass at once, for every worker."""
        self._offset += by
        staged = self._clock.with_suffix(".new")
        staged.write_text(str(self._offset.total_seconds()))
        staged.replace(self._clock)

    def start(self, count: int = 1) -> None:
        for _ in range(count):
            self.pids.append(self._nursery.start(self._database_url, self._port, self._clock))

    def kill(self) -> None:
        """Kill every worker, whatever it is doing."""
        while self.pids:
            os.kill(self.pids.pop(), signal.SIGKILL)


def _work(database_url: str, port: int, clock_file: Path) -> None:
    started = time.monotonic()

    def offset() -> float:
        return float(clock_file.read_text())

    clock.now = lambda: datetime.now(UTC) + timedelta(seconds=offset())
    clock.uptime = lambda: time.monotonic() - started + offset() + _UP_FOR
    clock.is_synchronised = lambda: None
    database = Database(database_url)
    year_end = make_year_end(database, port, mail_at=time_of_day(0))
    while True:
        try:
            year_end.tick()
        except Exception as error:  # as the ticks do
            print(f"a tick failed: {error!r}", file=sys.stderr)
        time.sleep(0.05)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    for line in sys.stdin:
        database_url, port, clock_file = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _work(database_url, port, Path(clock_file))
        print(pid, flush=True)


if __name__ == "__main__":
    main()
