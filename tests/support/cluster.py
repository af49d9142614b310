"""A PostgreSQL of a test's own, to be restarted and mistreated."""

import os
import signal
import subprocess
from pathlib import Path
from tempfile import mkdtemp

import psycopg

from support.needs import missing
from support.server import free_port


class Cluster:
    """A cluster on a free port, which everybody on this machine may use; or a replica of one."""

    def __init__(self, primary: "Cluster | None" = None) -> None:
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        if not found or os.geteuid() != 0:
            missing("PostgreSQL's initdb and pg_ctl, and root to run them as postgres")
        self._programs = found[-1].parent
        self._folder = Path(mkdtemp(prefix="postgresql-of-a-test-"))
        self._folder.chmod(0o755)
        (self._folder / "data").mkdir(mode=0o700)
        subprocess.run(["chown", "-R", "postgres", self._folder], check=True)
        if primary is None:
            self._run("initdb", "--auth=trust", "--no-sync", "--username=postgres")
        else:
            source = f"host=127.0.0.1 port={primary.port} user=postgres"
            self._run("pg_basebackup", "-R", "-c", "fast", "--no-sync", "-d", source)

    def start(self) -> None:
        options = (
            f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c max_connections=30"
        )
        self._run("pg_ctl", "--wait", "--log", f"{self._folder}/data/log", "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop it as after a power cut, or 'fast', or 'smart'."""
        self._run("pg_ctl", "--wait", "--mode", how, "stop")

    def promote(self) -> None:
        """Let a replica be written to."""
        self._run("pg_ctl", "--wait", "promote")

    def freeze(self) -> None:
        """Stop all of its processes, as where its storage hangs: only its kernel still answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def cut_connections(self) -> int:
        """End every connection but this, whatever it is doing; returns how many."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cut = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            return cut.fetchone()[0]

    def remove(self) -> None:
        self.thaw()
        subprocess.run(
            self._as_postgres("pg_ctl", "--mode", "immediate", "stop"),
            capture_output=True,
            check=False,
        )
        subprocess.run(["rm", "-rf", str(self._folder)], check=True)

    def _signal(self, what: signal.Signals) -> None:
        noted = self._folder / "data" / "postmaster.pid"
        if not noted.exists():
            return
        leader = int(noted.read_text().split()[0])
        os.kill(leader, what)  # first, so that it starts no more of them
        children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
        for child in children:
            os.kill(int(child), what)

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            self._as_postgres(program, *words),
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
            check=True,
        )

    def _as_postgres(self, program: str, *words: str) -> list[str]:
        command = [str(self._programs / program), "--pgdata", str(self._folder / "data"), *words]
        return ["runuser", "-u", "postgres", "--", *command]
