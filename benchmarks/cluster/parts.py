"""The parts of a cluster: PostgreSQL twice, instances, workers, balancers, a mail server."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import httpx
import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.cluster.network import NET, Machine, Network, freeze, kill, thaw

ROOT = Path(__file__).resolve().parents[2]
SHARED = f"{NET}.10"
MACHINES = [
    ("client", 2),
    ("active", 11),
    ("passive", 12),
    ("primary", 21),
    ("replica", 22),
    ("a", 31),
    ("b", 32),
    ("c", 33),
    ("worker1", 41),
    ("worker2", 42),
]
INSTANCES = ("a", "b", "c")
WORKERS = ("worker1", "worker2")
_LIMIT_SECONDS = 90


class PostgreSQL:
    """One server; the replica is streamed to, and the primary waits for it with each commit."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        """Keep its data in ``folder``."""
        self.machine = machine
        self._folder = folder / machine.name
        self._programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make it as a new primary."""
        self._own_folder()
        self._do("initdb", "-D", str(self._folder), "-U", "postgres", "-A", "trust", "-N")
        with (self._folder / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {NET}.0/24 trust\nhost replication all {NET}.0/24 trust\n")
        self.start("-c", "synchronous_standby_names=replica")

    def follow(self, primary: "PostgreSQL") -> None:
        """Make it as a replica of ``primary``."""
        self._own_folder()
        source = f"host={primary.machine.address} user=postgres application_name=replica"
        done = self.machine.run(
            str(self._programs / "pg_basebackup"), "-D", str(self._folder), "-d", source, "-R",
            "-X", "stream", "-c", "fast",
            user="postgres", log=self._log,
        )  # fmt: skip
        if done.wait(_LIMIT_SECONDS):
            raise RuntimeError(self._log.read_text())
        self.start()

    def start(self, *options: str) -> None:
        """Start it."""
        self._process = self.machine.run(
            str(self._programs / "postgres"), "-D", str(self._folder),
            "-c", f"listen_addresses={self.machine.address}",
            "-c", "unix_socket_directories=", "-c", "max_connections=100", *options,
            user="postgres", log=self._log,
        )  # fmt: skip
        await_that(self.answers, "PostgreSQL")

    def kill(self) -> None:
        """End it and every process of it at once."""
        assert self._process is not None
        kill(self._process)

    def freeze(self) -> None:
        """Let all of it stand still: its machine lives and acknowledges, it answers nothing."""
        assert self._process is not None
        freeze(self._process)

    def promote(self) -> None:
        """Make the replica the primary."""
        self._do("pg_ctl", "promote", "-D", str(self._folder))

    def come_back(self, primary: "PostgreSQL") -> None:
        """After it is dead, make it anew, as the replica that ``primary`` waits for."""
        shutil.rmtree(self._folder)
        self.follow(primary)
        with primary.connect() as connection:
            connection.autocommit = True
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'replica'")
            connection.execute("SELECT pg_reload_conf()")

    def end_connections(self) -> None:
        """End every connection of the app."""
        with self.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'moodtracker'"
            )

    def answers(self) -> bool:
        """Whether it lets somebody in."""
        try:
            with self.connect(1):
                return True
        except psycopg.OperationalError:
            return False

    def connect(self, seconds: int = 5) -> psycopg.Connection[tuple[object, ...]]:
        """A connection from here."""
        return psycopg.connect(
            f"host={self.machine.address} user=postgres dbname=postgres", connect_timeout=seconds
        )

    @property
    def _log(self) -> Path:
        return self._folder.parent / f"{self.machine.name}.log"

    def _own_folder(self) -> None:
        self._folder.mkdir(mode=0o700)
        shutil.chown(self._folder, "postgres", "postgres")

    def _do(self, program: str, *words: str) -> None:
        subprocess.run(
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
             str(self._programs / program), *words],
            check=True, stdout=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip


class Process:
    """One process of Moodtracker."""

    def __init__(self, machine: Machine, folder: Path, *, skew: int = 0, **settings: str) -> None:
        """Not started yet; its clock is ``skew`` seconds fast, ``folder`` may hold zones."""
        self.machine = machine
        self.url = f"http://{machine.address}:8080"
        self._folder = folder / machine.name
        self._folder.mkdir()
        self._skew = skew
        self._zones = folder
        self._settings = {
            "DATA_DIR": str(self._folder),
            "HOST": machine.address,
            "BASE_URL": f"http://{SHARED}",
            "DATABASE_URL": f"postgresql://postgres@{NET}.21:5432,{NET}.22:5432/postgres",
            "SECRET_KEY": "the same on every machine of the cluster",
            "TRUSTED_PROXIES": f"{NET}.0/24",
            "DRAIN_SECONDS": "2",
            "SMTP_HOST": f"{NET}.2",
            "SMTP_PORT": "2525",
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "mood@example.org",
        } | settings
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start it, and do not wait."""
        self._process = self.machine.run(
            sys.executable,
            str(ROOT / "main.py"),
            log=self._folder / "log",
            environment=self._environment,
        )

    @property
    def _environment(self) -> dict[str, str]:
        own = {f"MOODTRACKER_{name}": value for name, value in self._settings.items()}
        own["PYTHONTZPATH"] = f"{self._zones}:/usr/share/zoneinfo"
        if self._skew:
            library = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))[0]
            own |= {
                "LD_PRELOAD": str(library),
                "FAKETIME": f"{self._skew:+d}s",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }
        return own

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def await_ready(self) -> None:
        """Wait until it can serve."""
        await_that(lambda: _answers(f"{self.url}/readyz"), f"instance {self.machine.name}")

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        kill(self._process)

    def freeze(self) -> None:
        """Let it stand still."""
        assert self._process is not None
        freeze(self._process)

    def thaw(self) -> None:
        """Let it go on, with all that was sent to it meanwhile."""
        assert self._process is not None
        thaw(self._process)

    def stop(self) -> None:
        """Tell it to stop, and wait until it has."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(_LIMIT_SECONDS)


class Balancers:
    """HAProxy and keepalived on two machines, as in deploy/."""

    def __init__(self, network: Network, folder: Path, private: Path) -> None:
        """``private`` is a folder where no one but root may write: keepalived insists on that."""
        self._network = network
        self._folder = folder
        self._private = private

    def start(self) -> None:
        """Start both of both."""
        for name in ("keepalived.conf", "check"):
            shutil.copy(ROOT / "deploy" / "keepalived" / name, self._private)
        (self._private / "addresses.conf").write_text(
            f"$INTERFACE=eth0\n$ACTIVE={NET}.11\n$PASSIVE={NET}.12\n$SHARED={SHARED}/24\n"
            f'$CHECK="{self._private}/check"\n'
        )
        self._private.chmod(0o755)
        for role in ("active", "passive"):
            self.start_haproxy(role)
            pids = [f"--{kind}={self._private}/{role}.{kind}" for kind in ("pid", "vrrp_pid")]
            self._network[role].run(
                "keepalived", "--dont-fork", "--log-console", "--vrrp",
                "--use-file", str(self._private / "keepalived.conf"), "--config-id", role, *pids,
                log=self._folder / f"{role}-keepalived.log",
            )  # fmt: skip
        await_that(lambda: _answers(f"http://{SHARED}/readyz"), "the shared address")

    def start_haproxy(self, role: str) -> None:
        """Start the HAProxy of one."""
        servers = {
            f"MOODTRACKER_{n.upper()}": f"{self._network[n].address}:8080" for n in INSTANCES
        }
        self._network[role].run(
            "haproxy", "-db", "-f", str(ROOT / "deploy" / "haproxy.cfg"),
            log=self._folder / f"{role}-haproxy.log",
            environment=servers | {"MOODTRACKER_BIND": ":80"},
        )  # fmt: skip

    def holder(self) -> str:
        """Which of them has the shared address."""
        for role in ("active", "passive"):
            shown = subprocess.run(
                ["ip", "-n", self._network[role].namespace, "-o", "address"],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            if f"{SHARED}/" in shown.stdout:
                return role
        return "nobody"

    def haproxy_of(self, role: str) -> "subprocess.Popen[bytes]":
        """Its running HAProxy."""
        return next(
            process
            for process in reversed(self._network[role].processes)
            if "haproxy" in str(process.args)
        )


class MailServer:
    """A real SMTP server; remembers for whom it has taken which mail."""

    def __init__(self) -> None:
        """Not started yet."""
        self.taken: list[tuple[str, str]] = []  # the address and the Message-ID
        self._controller = Controller(self, hostname=f"{NET}.2", port=2525)

    def start(self) -> None:
        """Listen."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        message = message_from_bytes(envelope.original_content or b"")
        self.taken.append((envelope.rcpt_tos[0], str(message["Message-ID"])))
        return "250 taken"


def await_that(holds: Callable[[], bool], what: str) -> float:
    """Wait until something holds; returns the seconds that took, raises TimeoutError."""
    begun = time.monotonic()
    while time.monotonic() - begun < _LIMIT_SECONDS:
        if holds():
            return time.monotonic() - begun
        time.sleep(0.05)
    raise TimeoutError(what)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False
