"""What strangers do to somebody who is signed in: `python -m benchmarks.strangers`, two minutes.

While they flood the server from a process of their own, one person taps, and signs in anew in the
browser where they were signed in before. All of them share the machine's cores, so that the figures
are worse than where strangers bring their own: compare them with those of "nobody".
"""

import asyncio
import multiprocessing
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.contestants import ROOT
from benchmarks.sockets import Page, socket_address

REQUESTS_A_SECOND = 200
PAGES, ADDRESSES = 1500, 50
_SECONDS = 20.0
_TAP_EVERY = 0.1
_MOST_AT_ONCE = 400
_CRAFTED = '"4@8({[<69&#!1/|0$5+7%2"' * 3
_PASSWORD = "correct horse battery staple"
_PONG = b"\x8a\x80\x00\x00\x00\x00"
_FLOODER = "127.0.0.66"


# Of a port; it counts what it is answered.
Flood = Callable[[int, Counter[str]], Coroutine[None, None, None]]


@dataclass
class Seen:
    """How long the person waited, in seconds, and the server's largest memory, in bytes."""

    taps: list[float] = field(default_factory=list)
    sign_ins: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def tap_p99(self) -> float:
        """What 99 of 100 taps took at most."""
        return sorted(self.taps)[int(len(self.taps) * 0.99)]

    def __str__(self) -> str:
        """The figures."""
        half = sorted(self.taps)[len(self.taps) // 2]
        return (
            f"{len(self.taps)} taps: p50 {1000 * half:.0f} ms, p99 {1000 * self.tap_p99:.0f} ms; "
            f"slowest sign-in {max(self.sign_ins):.2f} s; memory {self.memory >> 20} MB"
        )


class Target:
    """The server, and its one person."""

    def __init__(self, folder: str, port: int) -> None:
        """Start it there."""
        self.port = port
        self.url = f"http://localhost:{port}/"
        own = {"DATA_DIR": f"{folder}/data", "PORT": str(port), "REGISTRATION": "open"}
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py")],
            cwd=folder,
            env=os.environ | {f"MOODTRACKER_{name}": value for name, value in own.items()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def ready(self, http: httpx.AsyncClient) -> None:
        """Wait until it serves, and have the person join."""
        for _ in range(600):
            with suppress(httpx.TransportError):
                if (await http.get(f"{self.url}readyz")).status_code == 200:
                    break
            await asyncio.sleep(0.1)
        zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"  # where it is noon
        person = {"username": "ada", "email": "ada@example.org", "first_name": "Ada"}
        joined = await http.post(
            f"{self.url}register", data=person | {"password": _PASSWORD, "zone": zone}
        )
        joined.raise_for_status() if joined.status_code != 303 else None

    def memory(self) -> int:
        """Bytes that are resident."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return 1024 * int(status.partition("VmRSS:")[2].split()[0])

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


async def asked(port: int, request: bytes, source: str) -> str:
    """The status of one answer to a stranger at ``source``, an address of this machine."""
    try:
        reader, writer = await _open(port, source)
        try:
            writer.write(request)
            status = (await asyncio.wait_for(reader.read(12), 60))[9:].decode()
            while await reader.read(65536):
                pass
            return status or "closed"
        finally:
            writer.close()
    except (OSError, TimeoutError) as error:
        return type(error).__name__


def get(path: str, cookies: str = "") -> bytes:
    """A request for a page."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{cookies}\r\n"
    ).encode()


def made_up(number: int) -> str:
    """The header of as many sessions as are looked up, of which there is none."""
    return f"Cookie: {'; '.join(f'moodtracker=1.{number}-{one}' for one in range(20))}\r\n"


def post(path: str, **fields: str) -> bytes:
    """A posted form."""
    body = urlencode(fields)
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        f"{body}"
    ).encode()


async def requests(port: int, answers: Counter[str], make: Callable[[int], bytes]) -> None:
    """So many a second from one address, until cancelled."""
    begun, sent = time.monotonic(), 0
    running: set[asyncio.Task[None]] = set()

    async def one(number: int) -> None:
        answers[await asked(port, make(number), _FLOODER)] += 1

    while True:
        while sent < (time.monotonic() - begun) * REQUESTS_A_SECOND:
            sent += 1
            if len(running) < _MOST_AT_ONCE:
                task = asyncio.create_task(one(sent))
                running.add(task)
                task.add_done_callback(running.discard)
            else:
                answers["not sent: too many wait"] += 1
        await asyncio.sleep(0.01)


def handshake(client_id: str, cookies: str = "") -> bytes:
    """What opens a page's socket."""
    return (
        f"GET {socket_address(client_id)} HTTP/1.1\r\nHost: localhost\r\n"
        f"{cookies}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


async def held(port: int, answers: Counter[str]) -> None:
    """Pages of /register from many addresses at once; their sockets are held until cancelled."""
    writers = []  # else they would be closed

    async def hold(number: int) -> None:
        source = f"127.0.1.{1 + number}"
        for _ in range(PAGES // ADDRESSES):
            page = await _open(port, source)
            page[1].write(get("/register"))
            html = (await page[0].read(-1)).decode(errors="replace")
            page[1].close()
            found = html.partition("client_id")[2].partition(": ")[2]
            reader, writer = await _open(port, source)
            writers.append(writer)
            writer.write(handshake(found.removeprefix("&#x27;").removeprefix("'")[:36]))
            answers[(await reader.read(12))[9:].decode() or "closed"] += 1
            writer.write(b"\x81\x82\x00\x00\x00\x0040")

    await asyncio.gather(*(hold(number) for number in range(ADDRESSES)))
    await asyncio.sleep(3600)


async def pongs(port: int, answers: Counter[str]) -> None:
    """One socket after the other that says nothing but pongs, as fast as they are taken."""
    while True:
        with suppress(OSError):
            reader, writer = await _open(port, _FLOODER)
            writer.write(handshake("none"))
            answers[(await reader.read(12))[9:].decode()] += 1
            while not writer.is_closing():
                writer.write(_PONG * 1000)
                await writer.drain()
                await asyncio.sleep(0)


async def _open(port: int, source: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))


async def tapping(target: Target, seen: Seen, http: httpx.AsyncClient, until: float) -> None:
    """Tap and take back, again and again."""
    cookie = http.cookies["moodtracker"]
    page = await Page.open(http, target.url, cookie)
    listener = page.listener("tap")
    day = page._html.partition('data-day="')[2][:10]
    was = ""
    while time.monotonic() < until:
        name = secrets.token_hex(12)
        act = {"act": "take_back", "was": was} if was else {"act": "record", "mood": 4}
        begun = time.monotonic()
        try:
            await page.send(listener, {"tap": name, "day": day} | act, until=name)
            seen.taps.append(time.monotonic() - begun)
        except TimeoutError:
            seen.taps.append(inf)
        seen.memory = max(seen.memory, target.memory())
        was = "" if was else name
        await asyncio.sleep(_TAP_EVERY)


async def signing_in(target: Target, seen: Seen, known: dict[str, str], until: float) -> None:
    """Sign in every other second in a browser that is known."""
    while time.monotonic() < until:
        async with httpx.AsyncClient(timeout=60, cookies=known) as http:
            begun = time.monotonic()
            answer = await http.post(
                f"{target.url}login", data={"login": "ada", "password": _PASSWORD}
            )
            took = time.monotonic() - begun
            seen.sign_ins.append(took if answer.status_code == 303 else inf)
        await asyncio.sleep(2)


async def nobody(_port: int, _answers: Counter[str]) -> None:
    """No flood at all."""
    await asyncio.sleep(3600)


def get_all(path: str) -> Flood:
    """Have a page asked for, again and again."""
    return lambda port, answers: requests(port, answers, lambda _: get(path))


def sign_ins(port: int, answers: Counter[str]) -> Coroutine[None, None, None]:
    """A try of each name."""
    return requests(
        port, answers, lambda number: post("/login", login=f"x{number}", password="x" * 20)
    )


def crafted(port: int, answers: Counter[str]) -> Coroutine[None, None, None]:
    """Passwords that take long to judge."""

    def joining(number: int) -> bytes:
        who = {"username": f"x{number}", "email": f"x{number}@example.org", "first_name": "X"}
        return post("/register", **who, password=_CRAFTED, zone="UTC")

    return requests(port, answers, joining)


def boards(port: int, answers: Counter[str]) -> Coroutine[None, None, None]:
    """Boards of sessions that are made up."""
    return requests(port, answers, lambda number: get("/", made_up(number)))


def sockets(port: int, answers: Counter[str]) -> Coroutine[None, None, None]:
    """Sockets of no page, with sessions that are made up."""
    return requests(port, answers, lambda number: handshake("none", made_up(number)))


FLOODS: dict[str, Flood] = {
    "nobody": nobody,
    "GET /login": get_all("/login"),
    "GET /register": get_all("/register"),
    "POST /login": sign_ins,
    "POST /register, crafted": crafted,
    "GET /, made-up sessions": boards,
    "sockets, made-up sessions": sockets,
    "pongs": pongs,
    f"{PAGES} pages held": held,
}


def strangers(name: str, port: int, told: Connection) -> None:
    """Flood until told to stop, then tell what was answered: in a process of its own."""
    answers: Counter[str] = Counter()

    async def until_told() -> None:
        flood = asyncio.create_task(FLOODS[name](port, answers))
        await asyncio.to_thread(told.recv)
        if flood.done():
            flood.result()
        flood.cancel()

    asyncio.run(until_told())
    told.send(answers)


async def flooded(name: str, port: int, seconds: float = _SECONDS) -> tuple[Seen, Counter[str]]:
    """What a person sees for so long at a server of its own; and what strangers are answered."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    seen = Seen()
    told, theirs = multiprocessing.Pipe()
    flood = multiprocessing.get_context("spawn").Process(
        target=strangers, args=(name, port, theirs), daemon=True
    )
    with tempfile.TemporaryDirectory() as folder:
        target = Target(folder, port)
        try:
            async with httpx.AsyncClient(timeout=60) as http:
                await target.ready(http)
                known = {each: value for each, value in http.cookies.items() if "known" in each}
                flood.start()
                theirs.close()
                until = time.monotonic() + seconds
                await asyncio.gather(
                    tapping(target, seen, http, until), signing_in(target, seen, known, until)
                )
                told.send("stop")
                answers = await asyncio.to_thread(told.recv)
        finally:
            target.stop()
    return seen, answers


async def main(*names: str) -> None:
    """Measure each flood; print the figures."""
    for number, name in enumerate(FLOODS):
        if names and not any(name.startswith(each) for each in names):
            continue
        seen, answers = await flooded(name, 18300 + number)
        print(f"{name}: {seen}; strangers' answers: {dict(answers)}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
