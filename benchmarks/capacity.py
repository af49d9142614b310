"""What one tap, view and open page costs, if that adds up, and how far instances multiply it.

Run as `python -m benchmarks.capacity`; needs the PostgreSQL that the tests use. What is counted are
CPU seconds: they stay the same on a busy machine, where the time on the wall does not.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg

from benchmarks.cluster import people
from benchmarks.contestants import ROOT, Server
from benchmarks.sockets import Page, Tapper
from moodtracker.database import Database

_SECONDS = 8
_TICKS = os.sysconf("SC_CLK_TCK")
_AT_ONCE = 12  # that wait for an answer at the same time


@dataclass(frozen=True)
class Cost:
    """What was done in a while, and the CPU seconds that it took."""

    done: int
    seconds: float
    servers: float
    database: float
    client: float

    def __str__(self) -> str:
        """As a line."""
        each = 1000 / max(1, self.done)
        return (
            f"{self.done / self.seconds:.0f} a second; each {self.servers * each:.2f} ms of CPU in"
            f" the instances, {self.database * each:.2f} in PostgreSQL, {self.client * each:.2f} in"
            " the client"
        )


class Site:
    """Some instances over one PostgreSQL."""

    def __init__(self, servers: list[Server], database_name: str) -> None:
        """They run."""
        self.servers = servers
        self._name = database_name
        self._own = psycopg.connect(_url(database_name), autocommit=True)

    def database_seconds(self) -> float:
        """CPU time of all connections to this database."""
        rows = self._own.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s", (self._name,)
        ).fetchall()
        return sum(_seconds(pid) for (pid,) in rows)

    def close(self) -> None:
        """Leave."""
        self._own.close()


def main() -> None:
    """Measure at two sizes and with three instances, and print what follows."""
    for pages, instances in ((60, 1), (240, 1), (240, 3)):
        with _site(instances, pages) as (site, cookies):
            memory = sum(server.memory for server in site.servers)
            asyncio.run(_measure(site, cookies, memory))


async def _measure(site: Site, cookies: list[str], memory: int) -> None:
    today = datetime.now(UTC).date()
    async with httpx.AsyncClient(timeout=60) as http:
        places = cycle(site.servers)
        pages = [await Page.open(http, next(places).url, cookie) for cookie in cookies]
        for page in pages:
            await page.send(
                page.listener("tap"),
                {"tap": "firsttap0001", "day": str(today), "act": "record", "mood": 3},
                until="firsttap0001",
            )
        grown = sum(server.memory for server in site.servers) - memory
        tappers = [Tapper(page, str(today), "firsttap0001") for page in pages]
        each = grown / len(pages) / 1000
        print(f"{len(site.servers)} instance(s), {len(pages)} open pages, {each:.0f} kB each")

        turns = cycle(tappers)
        print("  taps:", await _closed_loop(site, lambda: next(turns).tap(time.perf_counter)))
        who = cycle(zip(cycle(site.servers), cookies, strict=False))

        async def view() -> None:
            server, cookie = next(who)
            answer = await http.get(
                server.url,
                headers={"Cookie": f"moodtracker={cookie}", "Accept-Encoding": "gzip"},
            )
            answer.raise_for_status()

        print("  views:", await _closed_loop(site, view), flush=True)
        for page in pages:
            await page.close()


async def _closed_loop(site: Site, act: Callable[[], Awaitable[object]]) -> Cost:
    """Do it again and again, so many at a time."""
    done = 0
    before = sum(server.cpu_seconds for server in site.servers), site.database_seconds()
    own, begun = time.process_time(), time.monotonic()

    async def go_on() -> None:
        nonlocal done
        while time.monotonic() - begun < _SECONDS:
            await act()
            done += 1

    await asyncio.gather(*(go_on() for _ in range(_AT_ONCE)))
    taken = time.monotonic() - begun
    servers = sum(server.cpu_seconds for server in site.servers) - before[0]
    return Cost(
        done, taken, servers, site.database_seconds() - before[1], time.process_time() - own
    )


@contextmanager
def _site(instances: int, count: int) -> Iterator[tuple[Site, list[str]]]:
    name = f"capacity_{uuid4().hex[:8]}"
    with ExitStack() as stack:
        admin = stack.enter_context(psycopg.connect(_url("postgres"), autocommit=True))
        admin.execute(f"CREATE DATABASE {name}".encode())
        stack.callback(admin.execute, f"DROP DATABASE {name} WITH (FORCE)".encode())
        database = Database(_url(name).replace("postgresql:", "postgresql+psycopg:"))
        database.migrate()
        cookies = list(people.make(database, count).values())
        database.close()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [stack.enter_context(_instance(folder, name)) for _ in range(instances)]
        site = Site(servers, name)
        stack.callback(site.close)
        yield site, cookies


@contextmanager
def _instance(folder: Path, name: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = {
        "DATABASE_URL": _url(name),
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "SECRET_KEY": "the same on every instance of the benchmark",
        "ROLE": "web",
    }
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py")],
        env=os.environ | {f"MOODTRACKER_{key}": value for key, value in settings.items()},
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    server = Server(process, port, 0)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{server.url}readyz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield server
    finally:
        process.kill()
        process.wait()


def _url(name: str) -> str:
    base = os.environ.get(
        "MOODTRACKER_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test"
    )
    return f"{base.rpartition('/')[0]}/{name}"


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    main()
