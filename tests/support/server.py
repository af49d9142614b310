"""A real server in its own process."""

import os
import re
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from moodtracker.database import Database
from support.addresses import verify_address
from support.needs import missing
from support.nursery import Child, nursery
from support.waiting import WAIT_SECONDS, await_that
from support.zone_data import zone_of_noon

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "main.py"
PASSWORD = "correct horse battery staple"
QUICK_PASSWORDS = {  # hashes take their time on purpose; most tests are about something else
    "PASSWORD_MEMORY_KIB": "8192",
    "PASSWORD_PASSES": "1",
    "PASSWORD_LANES": "1",
}
# Made once: httpx reads all the certificates of the world for each request by itself.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


_ANY = secrets.SystemRandom()  # which Hypothesis does not make the same for everybody
_PORTS_OF_CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_HELD: deque[socket.socket] = deque(maxlen=100)  # more than one test needs


def free_port() -> int:
    """A port that is free, and stays so while its server is down or has not begun.

    It is none of those that the system gives to whoever connects to something. A socket that does
    not listen holds it: no other test takes it, and the server that it is for can.
    """
    first = int(_PORTS_OF_CLIENTS.read_text().split()[0]) if _PORTS_OF_CLIENTS.exists() else 32768
    while True:
        holding = socket.socket()
        try:
            holding.bind(("127.0.0.1", _ANY.randrange(first // 2, first)))
        except OSError:
            holding.close()
            continue
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # for whoever listens there
        _HELD.append(holding)
        return int(holding.getsockname()[1])


class Server:
    """The real server with a data folder of its own, and a clock that can be set."""

    program = MAIN

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.settings = {
            "DATA_DIR": str(folder / "data"),
            "PORT": str(self.port),
            "REGISTRATION": "open",
            "REQUESTS_PER_SECOND": "100000",  # all of a test's people come from one address
            **QUICK_PASSWORDS,
        } | settings
        self._process: subprocess.Popen[bytes] | Child | None = None
        self._clock: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        own = {f"MOODTRACKER_{name}": value for name, value in self.settings.items()}
        return os.environ | own | self._faked

    @property
    def _faked(self) -> dict[str, str]:
        """For a process that begins by itself; a forked one follows the file by its own means."""
        if self._clock is None:
            return {}
        return {
            "LD_PRELOAD": str(libfaketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "TZ": "UTC",
        }

    @property
    def _loaded_with(self) -> dict[str, str]:
        """What has to be there when its process begins."""
        return {name: os.environ[name] for name in ("PYTHONTZPATH",) if name in os.environ}

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def await_log(self, words: str, since: int = 0) -> None:
        """Wait until the log says it, from its character ``since`` on.

        A line about a request may be written after the answer to it is here.
        """
        await_that(lambda: words in self.log[since:], told=lambda: self.log)

    def settled_log(self) -> str:
        """The log once it holds all lines about what was asked before."""
        answer = httpx.get(f"{self.url}/offline", timeout=WAIT_SECONDS, verify=NO_TLS)
        self.await_log(answer.headers["x-request-id"])
        return self.log

    def set_clock(self, *when: int, machine: str = "") -> None:
        """Let the server believe that it is this moment (UTC), from now on.

        ``machine`` is for how long it was up, in seconds, and whether its clock is synchronised:
        "8 no".
        """
        self.skew_clock(datetime(*when, tzinfo=UTC).timestamp() - time.time(), machine)

    def skew_clock(self, offset: float, machine: str = "") -> None:
        """Let the server's clock be so many seconds fast, from now on."""
        self._clock = self.folder / "clock"
        staged = self.folder / "clock.new"
        staged.write_text(f"{offset:+.1f} {machine}".rstrip() + "\n")
        staged.replace(self._clock)

    def run(self) -> None:
        """Start it, and do not wait until it serves."""
        if self.program == MAIN:
            self._process = nursery(**self._loaded_with).start(self.folder, self.environment)
            return
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(self.program)],
                cwd=self.folder,
                env=self.environment,
                stderr=log,
                stdout=log,
            )

    def now(self) -> datetime:
        """The moment that the server believes it is."""
        offset = float(self._clock.read_text()) if self._clock else 0.0
        return datetime.fromtimestamp(time.time() + offset, UTC)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> "Server":
        self.run()
        self.await_ready()
        return self

    def await_ready(self) -> None:
        """Wait until it says that it can serve: it looks for that twice a second."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if not self.is_running():
                pytest.fail(f"the server ended: {self.log}")
            try:
                if httpx.get(f"{self.url}/readyz", verify=NO_TLS).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        pytest.fail(f"the server did not get ready: {self.log}")

    def tell_to_stop(self) -> None:
        """Ask it to end, and do not wait until it has."""
        assert self._process is not None
        self._process.terminate()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """Tell it to stop; gives what it ended with."""
        if self._process is None:
            return None
        self._process.send_signal(how)
        return self._process.wait(WAIT_SECONDS)

    def kill(self) -> None:
        """`kill -9`, whatever it is doing."""
        self.stop(signal.SIGKILL)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `moodtracker WORDS` against the same data."""
        return subprocess.run(
            [sys.executable, "-m", "moodtracker", *words],
            cwd=self.folder,
            env=self.environment | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    def register(self, username: str, zone: str = "") -> str:
        """Register somebody over HTTP, verify their address; returns the session cookie.

        They live in UTC; by the machine's own clock, where no day ends meanwhile.
        """
        zone = zone or ("UTC" if self._clock else zone_of_noon())
        answer = httpx.post(
            f"{self.url}/register",
            data={
                "username": username,
                "email": f"{username}@example.org",
                "first_name": username.capitalize(),
                "password": PASSWORD,
                "zone": zone,
            },
            timeout=WAIT_SECONDS,
            verify=NO_TLS,
        )
        assert answer.status_code == 303, re.sub(r"\s+", " ", answer.text)
        database = Database(f"sqlite:///{self.folder / 'data' / 'moodtracker.db'}")
        verify_address(database, username)
        database.close()
        (cookie,) = (
            value for name, value in answer.cookies.items() if name.endswith("moodtracker")
        )
        return cookie


def libfaketime() -> Path:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        missing("libfaketime (Debian's package faketime)")
    return found[0]
