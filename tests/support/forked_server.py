"""The real server, started in milliseconds: forked from a process that has loaded everything.

Only the imports are spared. Each server is a process of its own that reads its settings, opens and
migrates the database and serves, as `python main.py` does, and that can be killed for real.
Run as `python -m support.forked_server LOG CLOCK`, the nursery forks a server for each line that it
reads, and writes the server's process id. The server's clock is CLOCK's, where there is that file.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from support import faked_clock
from support.server import ROOT, WAIT_SECONDS, Server


class ForkedServer(Server):
    """A server to be killed and started again and again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self._nursery: subprocess.Popen[str] | None = None
        self._pid: int | None = None

    @property
    def pid(self) -> int:
        assert self._pid is not None
        return self._pid

    def run(self) -> None:
        if self._nursery is None:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "support.forked_server", *self._files()],
                cwd=self.folder,
                env=self.environment
                | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "LD_PRELOAD": ""},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self._nursery.stdin.write("start\n")
        self._nursery.stdin.flush()
        self._pid = int(self._nursery.stdout.readline())

    def _files(self) -> tuple[str, str]:
        return str(self.folder / "log"), str(self.folder / "clock")

    def is_running(self) -> bool:
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, 0)
                return True
        return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait until it is gone."""
        if self._pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._pid, how)
        deadline = time.monotonic() + WAIT_SECONDS
        while self.is_running():
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.005)
        self._pid = None

    def kill(self) -> None:
        """`kill -9`, whatever it is doing."""
        self.stop(signal.SIGKILL)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        if self._nursery is not None:
            self._nursery.kill()
            self._nursery.wait()
            self._nursery = None


def main() -> None:
    import main as app  # noqa: PLC0415 - here alone: it takes a second, and tests do without

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            if Path(sys.argv[2]).exists():
                faked_clock.follow(Path(sys.argv[2]))
            sys.argv = ["main.py"]
            app.main()
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
