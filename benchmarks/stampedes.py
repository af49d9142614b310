"""What taps and /readyz feel when all open pages want something at the same moment.

Run as `python -m benchmarks.stampedes PAGES [listen] [midnight] [herd]`; STAMPEDE_TREE names
another checkout of the same schema to be measured instead of this one. One instance serves so many
open pages of people with 330 days. Then what other instances changed goes unheard (``listen``,
PostgreSQL), or everybody's day ends (``midnight``, SQLite, since there the app's own clock counts),
or half as many pages of an instance that was lost come over (``herd``, PostgreSQL). Meanwhile a
process of its own taps, ten times a second in all, and asks for readiness.
"""

import asyncio
import hashlib
import multiprocessing
import os
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from sqlalchemy import case, insert, literal, select
from sqlmodel import SQLModel
from websockets import ConnectionClosed, InvalidStatus

from benchmarks.capacity import _url as postgresql_url
from benchmarks.contestants import ROOT, Server
from benchmarks.sockets import Page, Tapper
from moodtracker.database import Database
from moodtracker.models import EntryRow, SessionRow, UserRow, users

TREE = Path(os.environ.get("STAMPEDE_TREE", ROOT))
DAYS = 330
TODAY = datetime.now(UTC).date()
_TAPPING = 40  # pages
_TAPS_A_SECOND = 10
_READINESS_EVERY = 0.2
_OPENED_AT_ONCE = 8
_QUIET_SECONDS = 5
_PATIENCE = 240
_ENTRIES = SQLModel.metadata.tables[str(EntryRow.__tablename__)]
_CUT_OFF = (ConnectionClosed, InvalidStatus, OSError, httpx.TransportError, asyncio.CancelledError)
_FIRST_TAP = "firsttap0001"
_UNHEARD = "unheard00001"


def main() -> None:
    """Measure what is named, or all."""
    pages, chosen = int(sys.argv[1]), sys.argv[2:] or ["listen", "midnight", "herd"]
    print(
        "| what | pages | all are served after"
        " | taps | p50 | p99 | slowest | /readyz p50 | slowest |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in chosen:
        with _site(pages + _TAPPING, more=pages // 2, sqlite=name == "midnight") as site:
            print(f"| {name} | {pages} | {_MEASURES[name](site)} |", flush=True)


class Site:
    """One instance, the cookies of its people, and what is needed to stir it."""

    def __init__(self, server: Server, database: str, ahead: Path, cookies: list[str]) -> None:
        """It runs; the first are those who tap."""
        self.server, self.database, self.ahead = server, database, ahead
        self.tapping, self.others = cookies[:_TAPPING], cookies[_TAPPING:]


def listen(site: Site) -> str:
    """A mood of everybody's is changed without a word, then the connection that hears is cut."""

    def stir() -> None:
        with psycopg.connect(site.database, autocommit=True) as connection:
            connection.execute(
                f"UPDATE entries SET mood = mood % 5 + 1 WHERE tap = '{_UNHEARD}'".encode()
            )
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )

    return _measure(site, len(site.others) * 2 // 3, "slots", stir)


def midnight(site: Site) -> str:
    """The app's clock is moved over the midnight of everybody."""

    def stir() -> None:
        left = datetime.combine(TODAY + timedelta(days=1), datetime.min.time(), UTC)
        site.ahead.write_text(str((left - datetime.now(UTC)).total_seconds()))

    tomorrow = str(TODAY + timedelta(days=1))
    return _measure(site, len(site.others) * 2 // 3, tomorrow, stir)


def herd(site: Site) -> str:
    """The pages of another instance come, all in the same moment."""
    return _measure(site, len(site.others) * 2 // 3, None, lambda: None)


_MEASURES = {"listen": listen, "midnight": midnight, "herd": herd}


def _measure(site: Site, count: int, words: str | None, stir: Any) -> str:
    """Open so many pages, stir, and say what was felt until each has heard ``words``."""
    with ExitStack() as stack:
        held = [
            stack.enter_context(_Helper(_hold, site.server.url, part, words))
            for part in (site.others[:count:2], site.others[1:count:2])
        ]
        probe = stack.enter_context(_Helper(_probe, site.server.url, site.tapping))
        for each in (*held, probe):
            each.hear()
        coming = held
        if words is None:
            coming = [
                stack.enter_context(_Helper(_come_over, site.server.url, site.others[count:]))
            ]
            coming[0].hear()
        time.sleep(_QUIET_SECONDS)
        cpu = site.server.cpu_seconds
        probe.say()
        begun = time.monotonic()
        stir()
        for each in coming:
            each.say()
        told = [each.hear() for each in coming]
        seconds = time.monotonic() - begun
        probe.say()
        taps, ready = probe.hear()
    missing = sum(missed for missed, _ in told)
    again = sum(more for _, more in told)
    notes = f"{site.server.cpu_seconds - cpu:.0f} s of CPU"
    notes += f", {missing} not" * bool(missing) + f", {again} loaded twice" * bool(again)
    ordered = sorted(taps)
    return " | ".join(
        [
            f"{seconds:.1f} s ({notes})",
            str(len(taps)),
            *(f"{ordered[int(len(ordered) * part)]:.2f} s" for part in (0.5, 0.99)),
            f"{ordered[-1]:.2f} s",
            f"{statistics.median(ready):.3f} s",
            f"{max(ready):.2f} s",
        ]
    )


class _Helper:
    """A process of its own that says when it is ready, is told to begin, and says what it found."""

    def __init__(self, work: Any, *given: Any) -> None:
        """Have it do ``work``."""
        self._end, other = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_run, args=(work, other, *given), daemon=True
        )

    def __enter__(self) -> "_Helper":
        """Start it."""
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.kill()
        self._process.join()

    def say(self) -> None:
        """Let it go on."""
        self._end.send(None)

    def hear(self) -> Any:
        """What it says next."""
        return self._end.recv()


def _run(work: Any, end: Connection, *given: Any) -> None:
    asyncio.run(work(end, *given))


async def _open_all(url: str, cookies: list[str]) -> list[Page]:
    turn = asyncio.Semaphore(_OPENED_AT_ONCE)
    async with httpx.AsyncClient(timeout=_PATIENCE) as http:

        async def open_one(cookie: str) -> Page:
            async with turn:
                return await Page.open(http, url, cookie)

        return list(await asyncio.gather(*map(open_one, cookies)))


async def _hold(end: Connection, url: str, cookies: list[str], words: str | None) -> None:
    """Hold pages open; say how many have not heard what they should."""
    pages = await _open_all(url, cookies)
    heard = [page.expect(words) for page in pages] if words else []
    end.send(None)
    await asyncio.to_thread(end.recv)
    _, late = await asyncio.wait(heard, timeout=_PATIENCE)
    lost = sum(each.done() and each.cancelled() for each in heard)
    end.send((len(late) + lost, 0))
    await asyncio.to_thread(end.recv)


async def _come_over(end: Connection, url: str, cookies: list[str]) -> None:
    """Be the pages of an instance that is gone: each is refused by this one, and loads anew."""
    end.send(None)
    await asyncio.to_thread(end.recv)
    again = 0
    async with httpx.AsyncClient(timeout=_PATIENCE, limits=httpx.Limits()) as http:

        async def come(cookie: str) -> Page:
            nonlocal again
            await asyncio.sleep(random.uniform(0.125, 0.375))  # socket.io's own
            while True:
                # Whoever is cut off again hears nothing more: what was expected is cancelled.
                with suppress(*_CUT_OFF):
                    page = await Page.open(http, url, cookie)
                    await asyncio.wait_for(page.expect("moodtracker.connected"), _PATIENCE)
                    return page
                again += 1
                await asyncio.sleep(random.uniform(0.1, 1))

        await asyncio.gather(*map(come, cookies))
    end.send((0, again))
    await asyncio.to_thread(end.recv)


async def _probe(end: Connection, url: str, cookies: list[str]) -> None:
    """Tap so often a second, and ask for readiness; say how long each took."""
    pages = await _open_all(url, cookies)
    tappers = [Tapper(page, str(TODAY), _FIRST_TAP) for page in pages]
    end.send(None)
    await asyncio.to_thread(end.recv)
    taps: list[float] = []
    ready: list[float] = []
    stop = asyncio.Event()

    async def tap_on(tapper: Tapper) -> None:
        between = _TAPPING / _TAPS_A_SECOND
        await asyncio.sleep(random.uniform(0, between))
        while not stop.is_set():
            begun = time.perf_counter()
            taps.append(await tapper.tap(time.perf_counter))
            await asyncio.sleep(max(0, begun + between - time.perf_counter()))

    async def ask() -> None:
        async with httpx.AsyncClient(timeout=_PATIENCE) as http:
            while not stop.is_set():
                begun = time.perf_counter()
                await http.get(f"{url}readyz")
                ready.append(time.perf_counter() - begun)
                await asyncio.sleep(_READINESS_EVERY)

    busy = [asyncio.create_task(tap_on(tapper)) for tapper in tappers]
    busy.append(asyncio.create_task(ask()))
    await asyncio.to_thread(end.recv)
    stop.set()
    await asyncio.gather(*busy)
    end.send((taps, ready))
    await asyncio.to_thread(end.recv)


@contextmanager
def _site(people: int, *, more: int, sqlite: bool) -> Iterator[Site]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/moodtracker.db" if sqlite else stack.enter_context(_postgresql())
        database = Database(url.replace("postgresql:", "postgresql+psycopg:"))
        database.migrate()
        cookies = _people(database, people + more)
        database.close()
        ahead = folder / "ahead"
        ahead.write_text("0")
        yield Site(stack.enter_context(_instance(folder, url, ahead)), url, ahead, cookies)


@contextmanager
def _postgresql() -> Iterator[str]:
    name = f"stampede_{uuid4().hex[:8]}"
    with psycopg.connect(postgresql_url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield postgresql_url(name)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _people(database: Database, count: int) -> list[str]:
    """People with a mood on each of so many days, today's last; their cookies."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    tokens = {number: secrets.token_urlsafe(32) for number in range(1, count + 1)}
    first = max(TODAY - timedelta(days=DAYS - 1), date(TODAY.year, 1, 1))
    days = [first + timedelta(days=number) for number in range((TODAY - first).days + 1)]
    with database.write() as session:
        session.execute(
            insert(UserRow),
            [
                {
                    "id": number,
                    "username": f"person{number}",
                    "first_name": "Ada",
                    "zone": "UTC",
                    "latest_day": TODAY,
                    "open_year": TODAY.year,
                    "created_at": now,
                }
                for number in tokens
            ],
        )
        session.execute(
            insert(SessionRow),
            [
                {
                    "user_id": number,
                    "token_hash": hashlib.sha256(token.encode()).hexdigest(),
                    "created_at": now,
                    "seen_at": now,
                }
                for number, token in tokens.items()
            ],
        )
        columns = ["user_id", "day", "slot", "mood", "recorded_at", "tap"]
        for day in days:
            tap = case((users.id <= _TAPPING, _FIRST_TAP), else_=_UNHEARD)
            of_all = select(
                users.id,
                literal(day),
                literal(1),
                (users.id + day.day) % 5 + 1,
                literal(now),
                tap if day == TODAY else literal("seeded000001"),
            )
            session.execute(insert(_ENTRIES).from_select(columns, of_all))
    return [f"{number}.{token}" for number, token in tokens.items()]


@contextmanager
def _instance(folder: Path, url: str, ahead: Path) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = {"DATABASE_URL": url, "DATA_DIR": str(folder), "PORT": str(port), "ROLE": "web"}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "moved_clock.py"), str(ahead), "main"],
        env=os.environ
        | {"PYTHONPATH": str(TREE)}
        | {f"MOODTRACKER_{key}": value for key, value in settings.items()},
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    server = Server(process, port, 0)
    try:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if httpx.get(f"{server.url}readyz").status_code == 200:
                    break
            time.sleep(0.1)
        yield server
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
