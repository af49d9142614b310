"""The servers that are measured: each a process of its own."""

import ctypes
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 60
# What Chromium sends, so that each answers as it would to a person.
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}

BOARD = ("-m", "benchmarks.new_years_eve", "main")
ONE_LABEL = ("-m", "benchmarks.baselines.one_label")
LABEL_AND_SQLMODEL = ("-m", "benchmarks.baselines.label_and_sqlmodel")
USUAL_WAY = ("-m", "benchmarks.baselines.usual_way")
FLASK = ("-m", "benchmarks.baselines.flask_jinja")


@dataclass
class Server:
    """A running contestant."""

    process: subprocess.Popen[bytes]
    port: int
    seconds_to_first_page: float

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://localhost:{self.port}/"

    @property
    def cpu_seconds(self) -> float:
        """CPU time that it has used so far, all threads together."""
        clock = ctypes.c_int()
        if ctypes.CDLL(None).clock_getcpuclockid(self.process.pid, ctypes.byref(clock)):
            raise ProcessLookupError(self.process.pid)
        return time.clock_gettime(clock.value)

    @property
    def memory(self) -> int:
        """Bytes of memory that are its own."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        fields = (line.split() for line in rollup.splitlines()[1:])
        return 1024 * sum(
            int(field[1]) for field in fields if field[0] in ("Private_Clean:", "Private_Dirty:")
        )


@contextmanager
def serving(
    what: tuple[str, ...], data: Path, cookie: str, base_url: str | None = None
) -> Iterator[Server]:
    """Start a contestant over the data and wait for its first page.

    ``base_url`` is where browsers find it, if that is not where it listens.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {
        "PORT": str(port),
        "DATABASE": str(data / "moodtracker.db"),
        "MOODTRACKER_DATA_DIR": str(data),
        "MOODTRACKER_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    if base_url:
        environment["MOODTRACKER_BASE_URL"] = base_url
    begun = time.perf_counter()
    with (data / "servers.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *what], cwd=data, env=environment, stdout=log, stderr=log
        )
    try:
        _await_page(process, port, cookie)
        yield Server(process, port, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait()


def _await_page(process: subprocess.Popen[bytes], port: int, cookie: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with httpx.Client(headers={"Cookie": f"moodtracker={cookie}"}, timeout=60) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get(f"http://127.0.0.1:{port}/").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.01)
    sys.exit(f"{process.args!r} did not serve its page: see servers.log")
