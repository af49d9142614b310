"""The end of the year for 10,000 people with full years, through a real SMTP sink.

`python -m benchmarks.year_end [--people 10000]`. The app runs as it does for everybody, with its
pages; a person opens theirs again and again while the mails go out. Beside it, on the same machine
and to the same sink: one constant message sent as often over one connection (SMTP's floor), and a
naive sender (the board by a plotting library, a connection for each mail) for fewer people.
Raw figures go to benchmarks/year_end.json.
"""

import argparse
import io
import json
import os
import random
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as dawn
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any

import httpx
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon
from sqlalchemy import func, insert, select, update

from benchmarks import figures
from benchmarks.contestants import ROOT, serving
from moodtracker import sealed
from moodtracker.accounts import sessions
from moodtracker.board import Board, Entry
from moodtracker.clock_watch import ClockWatch
from moodtracker.closed_years import Closing
from moodtracker.database import Database
from moodtracker.drawing import layout, png
from moodtracker.mail.smtp import Smtp
from moodtracker.models import EntryRow, SealedYearRow, UserRow, sealed_years
from moodtracker.moods import Mood
from moodtracker.yearend import YearEnd

_YEAR = datetime.now(UTC).year - 1
_RESULTS = ROOT / "benchmarks" / "year_end.json"
_MINUTES = 5  # for 10,000 people
_LOOK_SECONDS = 0.1
_IDLE_SECONDS = 10


def main() -> None:
    """Run it all, print the table, write the raw figures."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--people", type=int, default=10_000)
    options.add_argument("--naive", type=int, default=200, help="mails of the naive sender")
    options.add_argument("--sealing", type=int, default=300, help="people whose year is sealed")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="moodtracker-year-end-") as folder:
        raw = {
            "people": chosen.people,
            "sealing": _sealing(Path(folder), chosen.sealing),
            "app": _app(Path(folder), chosen.people),
            "floor": _floor(chosen.people),
            "naive": _naive(chosen.naive),
        }
    _RESULTS.write_text(json.dumps(raw, indent=1) + "\n")
    print(figures.table(_figures(raw)))
    for name in ("app", "floor", "naive"):
        each = raw[name]
        print(
            f"{name:6} {each['mails']:6} mails in {each['seconds']:7.1f} s, "
            f"{each['cpu_ms']:6.2f} ms of CPU a mail, {each['connections']} connection(s), "
            f"{each['bytes'] / each['mails'] / 1024:.1f} KB a mail"
        )
    each = raw["sealing"]
    print(
        f"sealing {each['years']} years of 730 moods took {each['seconds']:.1f} s, "
        f"{each['cpu_ms']:.1f} ms of CPU each"
    )


def _figures(raw: dict[str, Any]) -> list[figures.Figure]:
    app = raw["app"]
    return [
        figures.Figure(
            f"{app['mails']} boards mailed",
            app["seconds"] / 60,
            _MINUTES * raw["people"] / 10_000,
            "min",
            detail=f"SMTP alone {raw['floor']['seconds'] / 60:.2f}",
        ),
        figures.Figure(
            "CPU a mail",
            app["cpu_ms"],
            15,
            "ms",
            detail=f"with the pages {app['cpu_ms_with_pages']:.1f}",
        ),
        figures.Figure(
            "page latency p99 meanwhile",
            app["busy_ms"]["p99"],
            50,
            "ms",
            detail=f"before {app['idle_ms']['p99']:.1f}",
        ),
        figures.Figure("memory growth", app["memory_growth_mb"], 50, "MB"),
    ]


# --- the app


def _app(folder: Path, people: int) -> dict[str, Any]:
    """Mail everybody's sealed year while somebody looks at their page."""
    database = Database(f"sqlite:///{folder}/moodtracker.db")
    database.migrate()
    _fill_sealed(database, people)
    cookie = sessions.open_session(database, 1)
    with _sink() as sink, serving((str(ROOT / "main.py"),), folder, cookie) as server:
        process = server.process.pid
        page = _Page(server.url, cookie)
        cpu = server.cpu_seconds
        with page.opened_meanwhile() as idle:
            time.sleep(_IDLE_SECONDS)
        page_cpu = (server.cpu_seconds - cpu) / len(idle)
        memory = peak = _resident(process)
        begun, cpu = time.monotonic(), server.cpu_seconds
        _release(database)
        with page.opened_meanwhile() as busy:
            while (sent := _sent(database)) < people:
                peak = max(peak, _resident(process))
                print(f"\r{sent} of {people}", end="", file=sys.stderr)
                time.sleep(0.5)
        seconds, used = time.monotonic() - begun, server.cpu_seconds - cpu
        print(file=sys.stderr)
        taken = sink.taken()
    database.close()
    if taken["mails"] != people:
        raise SystemExit(f"{taken['mails']} mails arrived for {people} people")
    return taken | {
        "seconds": seconds,
        # What the pages took meanwhile is not the mails': it is known from before.
        "cpu_ms": 1000 * (used - page_cpu * len(busy)) / people,
        "cpu_ms_with_pages": 1000 * used / people,
        "pages_meanwhile": len(busy),
        "page_cpu_ms": 1000 * page_cpu,
        "idle_ms": _quantiles(idle),
        "busy_ms": _quantiles(busy),
        "memory_growth_mb": (peak - memory) / 2**20,
    }


def _fill_sealed(database: Database, people: int) -> None:
    """Everybody's sealed year: two moods on every day, of 50 different years."""
    years = [sealed.pack(_full_year(seed).entries) for seed in range(50)]
    now = datetime.now(UTC)
    later = now + timedelta(days=1)
    with database.write() as session:
        for number in range(1, people + 1):
            session.execute(insert(UserRow), _person(number, now))
            session.execute(
                insert(SealedYearRow),
                {
                    "user_id": number,
                    "year": _YEAR,
                    "zone": "Europe/Berlin",
                    "moods": years[number % len(years)],
                    "state": "pending",
                    "sealed_at": now,
                    "due_at": later,
                    "next_try_at": later,
                    "message_id": f"<year-{_YEAR}.{number:032}@example.org>",
                },
            )


def _person(number: int, now: datetime) -> dict[str, object]:
    return {
        "id": number,
        "username": f"person{number}",
        "email": f"person{number}@example.org",
        "email_verified_at": now,
        "first_name": "Ada",
        "zone": "Europe/Berlin",
        "created_at": now,
    }


def _release(database: Database) -> None:
    """Let every board be due."""
    with database.write() as session:
        session.execute(update(SealedYearRow).values(next_try_at=datetime.now(UTC)))


def _sent(database: Database) -> int:
    with database.read() as session:
        found = session.scalar(select(func.count()).where(sealed_years.state == "sent"))
    return int(found or 0)


def _full_year(seed: int) -> Board:
    chance = random.Random(seed)
    entries = [
        Entry(day, slot, chance.choice(list(Mood)), _moment(day, slot, chance))
        for day in (date(_YEAR, 1, 1) + timedelta(number) for number in range(365))
        for slot in (1, 2)
    ]
    return Board(_YEAR, "Europe/Berlin", tuple(entries))


def _moment(day: date, slot: int, chance: random.Random) -> datetime:
    return datetime(day.year, day.month, day.day, 6 + 8 * (slot - 1), tzinfo=UTC) + timedelta(
        seconds=chance.randrange(20_000), microseconds=chance.randrange(1_000_000)
    )


class _Page:
    """A person's page, opened again and again."""

    def __init__(self, url: str, cookie: str) -> None:
        self._url = url
        self._cookie = cookie

    @contextmanager
    def opened_meanwhile(self) -> Iterator[list[float]]:
        """How long each answer took, in ms, while the block runs."""
        taken: list[float] = []
        stopping = threading.Event()
        thread = threading.Thread(target=self._open, args=(taken, stopping))
        thread.start()
        try:
            yield taken
        finally:
            stopping.set()
            thread.join()

    def _open(self, taken: list[float], stopping: threading.Event) -> None:
        with httpx.Client(cookies={"moodtracker": self._cookie}, timeout=60) as client:
            while not stopping.wait(_LOOK_SECONDS):
                begun = time.perf_counter()
                client.get(self._url).raise_for_status()
                taken.append(1000 * (time.perf_counter() - begun))


# --- what is beside it


def _sealing(folder: Path, people: int) -> dict[str, Any]:
    """Seal so many people's full years of rows."""
    database = Database(f"sqlite:///{folder}/sealing.db")
    database.migrate()
    now = datetime.now(UTC)
    with database.write() as session:
        session.execute(
            insert(UserRow),
            [_person(number, now) | {"open_year": _YEAR} for number in range(1, people + 1)],
        )
        for number in range(1, people + 1):
            session.execute(
                insert(EntryRow),
                [
                    {"user_id": number, "tap": "tap00001", **entry._asdict()}
                    | {"tap": "tap00001", "mood": int(entry.mood)}
                    for entry in _full_year(number % 50).entries
                ],
            )
    closing = Closing(dawn(9), timedelta(days=30), "example.org")
    year_end = YearEnd(database, closing, ClockWatch(database), None)
    begun, cpu = time.monotonic(), time.process_time()
    year_end.seal_ended_years()
    seconds, used = time.monotonic() - begun, time.process_time() - cpu
    database.close()
    return {"years": people, "seconds": seconds, "cpu_ms": 1000 * used / people}


def _floor(mails: int) -> dict[str, Any]:
    """One message, sent again and again over one connection: what SMTP takes by itself."""
    message = _mail_of(_board_picture())
    with _sink() as sink:
        begun, cpu = time.monotonic(), time.process_time()
        with Smtp("127.0.0.1", sink.port, "none").connect() as connection:
            for number in range(mails):
                connection.send("mood@example.org", f"person{number}@example.org", message)
        seconds, used = time.monotonic() - begun, time.process_time() - cpu
        return sink.taken() | {"seconds": seconds, "cpu_ms": 1000 * used / mails}


def _naive(mails: int) -> dict[str, Any]:
    """What one would write first: a figure of the plotting library, a connection for each mail."""
    boards = [_full_year(seed) for seed in range(50)]
    _plotted(boards[0])  # what is loaded at the first use
    with _sink() as sink:
        begun, cpu = time.monotonic(), time.process_time()
        for number in range(mails):
            message = _mail_of(_plotted(boards[number % 50]))
            with smtplib.SMTP("127.0.0.1", sink.port) as client:
                client.sendmail("mood@example.org", f"person{number}@example.org", message)
        seconds, used = time.monotonic() - begun, time.process_time() - cpu
        return sink.taken() | {"seconds": seconds, "cpu_ms": 1000 * used / mails}


def _board_picture() -> bytes:
    return png.draw(layout.landscape(_full_year(1)))


def _plotted(board: Board) -> bytes:
    """The board as a plotting library draws it: 1200 x 660 pixels, a patch for each half day."""
    figure = Figure(figsize=(12, 6.6), dpi=100)
    axes = figure.add_subplot()
    for month, days in board.months():
        for day in days:
            kept = board.on(day)
            left, bottom = day.day, -month
            for shape, entry in zip(_HALVES, (kept[0], kept[-1]), strict=True):
                corners = [(left + x, bottom + y) for x, y in shape]
                axes.add_patch(Polygon(corners, color=entry.mood.light))
    axes.set_xlim(0.5, 32.5)
    axes.set_ylim(-12.5, 0.5)
    axes.set_xticks([number + 0.4 for number in range(1, 32)], [str(n) for n in range(1, 32)])
    axes.set_yticks(
        [0.4 - month for month in range(1, 13)],
        [date(board.year, month, 1).strftime("%b") for month in range(1, 13)],
    )
    axes.set_title(f"{board.year}: {board.days_kept} of {board.days_so_far} days")
    axes.legend(
        handles=[Patch(color=m.light, label=f"{m.label} {board.counts[m]}") for m in Mood], ncols=5
    )
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


_HALVES = (((0, 0.8), (0.8, 0.8), (0, 0)), ((0.8, 0), (0.8, 0.8), (0, 0)))


def _mail_of(picture: bytes) -> bytes:
    mail = EmailMessage(SMTP_POLICY)
    mail["From"], mail["To"] = "mood@example.org", "ada@example.org"
    mail["Subject"] = f"Your {_YEAR}"
    mail.set_content("Your year is in the picture.")
    mail.add_alternative('<p>Your year:</p><img src="cid:board">', subtype="html")
    mail.add_attachment(picture, maintype="image", subtype="png", filename="board.png")
    return mail.as_bytes()


# --- the sink, and figures


class _Sink:
    """The mail server of another process."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self._process = process
        self.port = port

    def taken(self) -> dict[str, int]:
        """How many mails it has taken, how many bytes, over how many connections."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("it is not to be asked")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        numbers = map(int, self._process.stdout.readline().split())
        return dict(zip(("mails", "bytes", "connections"), numbers, strict=True))


@contextmanager
def _sink() -> Iterator[_Sink]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink", str(port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("the sink does not start")
        own = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(port),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "Moodtracker <mood@example.org>",
        }
        os.environ.update({f"MOODTRACKER_{name}": value for name, value in own.items()})
        yield _Sink(process, port)
    finally:
        process.terminate()
        process.wait()


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _quantiles(taken: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=100)
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "worst": max(taken)}


if __name__ == "__main__":
    main()
