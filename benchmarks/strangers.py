"""What strangers do to somebody who is signed in: `python -m benchmarks.strangers`, two minutes.

While they flood the server, one person taps twice a second, and signs in anew in the browser where
they were signed in before. The server and all that asks it share the machine's cores, so that the
figures are worse than where strangers bring their own.
"""

import asyncio
import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.contestants import ROOT
from benchmarks.sockets import Page

REQUESTS_A_SECOND = 200
PAGES, ADDRESSES = 1500, 50
_SECONDS = 12.0
_MOST_AT_ONCE = 400
_CRAFTED = '"4@8({[<69&#!1/|0$5+7%2"' * 3
_PASSWORD = "correct horse battery staple"
_PONG = b"\x8a\x80\x00\x00\x00\x00"
_FLOODER = "127.0.0.66"


@dataclass
class Seen:
    """How long the person waited, in seconds, and what strangers were answered."""

    taps: list[float] = field(default_factory=list)
    sign_ins: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    largest: int = 0


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


async def asked(target: Target, request: bytes, source: str) -> str:
    """The status of one answer to a stranger at ``source``, an address of this machine."""
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", target.port, local_addr=(source, 0)
        )
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


def get(path: str) -> bytes:
    """A request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


def post(path: str, **fields: str) -> bytes:
    """A posted form."""
    body = urlencode(fields)
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        f"{body}"
    ).encode()


async def requests(target: Target, seen: Seen, make: Callable[[int], bytes]) -> None:
    """So many a second from one address, until cancelled."""
    begun, sent = time.monotonic(), 0
    running: set[asyncio.Task[None]] = set()

    async def one(number: int) -> None:
        seen.answers[await asked(target, make(number), _FLOODER)] += 1

    try:
        while True:
            while sent < (time.monotonic() - begun) * REQUESTS_A_SECOND:
                sent += 1
                if len(running) < _MOST_AT_ONCE:
                    task = asyncio.create_task(one(sent))
                    running.add(task)
                    task.add_done_callback(running.discard)
                else:
                    seen.answers["not sent: too many wait"] += 1
            await asyncio.sleep(0.01)
    finally:
        for task in list(running):
            task.cancel()


async def held(target: Target, seen: Seen) -> None:
    """Pages of /register whose sockets stand, from many addresses, held until cancelled."""
    writers = []
    try:
        for number in range(PAGES):
            source = f"127.0.1.{1 + number % ADDRESSES}"
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", target.port, local_addr=(source, 0)
            )
            writer.write(get("/register"))
            html = (await reader.read(-1)).decode(errors="replace")
            writer.close()
            found = (
                html.partition("&#x27;client_id&#x27;: &#x27;")[2]
                or (html.partition("'client_id': '")[2])
            )
            query = {
                "client_id": found[:36],
                "document_id": "d",
                "tab_id": "t",
                "implicit_handshake": "true",
                "next_message_id": "0",
                "EIO": "4",
                "transport": "websocket",
            }
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", target.port, local_addr=(source, 0)
            )
            writers.append(writer)
            writer.write(
                f"GET /_nicegui_ws/socket.io/?{urlencode(query)} HTTP/1.1\r\nHost: localhost\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            seen.answers[(await reader.read(12))[9:].decode()] += 1
            writer.write(b"\x81\x82\x00\x00\x00\x0040")
        await asyncio.sleep(3600)
    finally:
        for writer in writers:
            writer.close()


async def pongs(target: Target, seen: Seen) -> None:
    """One socket after the other that says nothing but pongs, as fast as they are taken."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", target.port, local_addr=(_FLOODER, 0)
            )
            query = (
                "client_id=none&document_id=d&tab_id=t&implicit_handshake=true&next_message_id=0"
                "&EIO=4&transport=websocket"
            )
            writer.write(
                f"GET /_nicegui_ws/socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            seen.answers[(await reader.read(12))[9:].decode()] += 1
            while not writer.is_closing():
                writer.write(_PONG * 1000)
                await writer.drain()
                await asyncio.sleep(0)


async def tapping(target: Target, seen: Seen, http: httpx.AsyncClient) -> None:
    """Tap and take back, twice a second, until cancelled."""
    cookie = http.cookies["moodtracker"]
    page = await Page.open(http, target.url, cookie)
    listener = page.listener("tap")
    day = page._html.partition('data-day="')[2][:10]
    was = ""
    while True:
        name = secrets.token_hex(12)
        act = {"act": "take_back", "was": was} if was else {"act": "record", "mood": 4}
        begun = time.monotonic()
        with suppress(TimeoutError):
            await page.send(listener, {"tap": name, "day": day} | act, until=name)
        seen.taps.append(time.monotonic() - begun)
        seen.largest = max(seen.largest, target.memory())
        was = "" if was else name
        await asyncio.sleep(0.5)


async def signing_in(target: Target, seen: Seen, known: dict[str, str]) -> None:
    """Sign in every other second in a browser that is known, until cancelled."""
    while True:
        async with httpx.AsyncClient(timeout=60, cookies=known) as http:
            begun = time.monotonic()
            answer = await http.post(
                f"{target.url}login", data={"login": "ada", "password": _PASSWORD}
            )
            took = time.monotonic() - begun
            seen.sign_ins.append(took if answer.status_code == 303 else float("inf"))
        await asyncio.sleep(2)


@asynccontextmanager
async def running(*acts: Awaitable[None]) -> AsyncIterator[None]:
    """Have these go on meanwhile."""
    tasks = [asyncio.ensure_future(act) for act in acts]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


FLOODS: dict[str, Callable[[Target, Seen], Awaitable[None]]] = {
    "nobody": lambda target, seen: asyncio.sleep(3600),
    "GET /login": lambda target, seen: requests(target, seen, lambda _: get("/login")),
    "GET /register": lambda target, seen: requests(target, seen, lambda _: get("/register")),
    "POST /login": lambda target, seen: requests(
        target, seen, lambda number: post("/login", login=f"x{number}", password="x" * 20)
    ),
    "POST /register, crafted": lambda target, seen: requests(
        target,
        seen,
        lambda number: post(
            "/register",
            username=f"x{number}",
            email=f"x{number}@example.org",
            first_name="X",
            password=_CRAFTED,
            zone="UTC",
        ),
    ),
    "pongs": pongs,
    f"{PAGES} pages held": held,
}


async def main(*names: str) -> None:
    """Measure each flood against a server of its own; print the figures."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for number, (name, flood) in enumerate(FLOODS.items()):
        if names and not any(name.startswith(each) for each in names):
            continue
        seen = Seen()
        with tempfile.TemporaryDirectory() as folder:
            target = Target(folder, 18300 + number)
            try:
                async with httpx.AsyncClient(timeout=60) as http:
                    await target.ready(http)
                    known = {each: value for each, value in http.cookies.items() if "known" in each}
                    async with running(
                        flood(target, seen),
                        tapping(target, seen, http),
                        signing_in(target, seen, known),
                    ):
                        await asyncio.sleep(_SECONDS if flood is not held else 3 * _SECONDS)
            finally:
                target.stop()
        taps = sorted(seen.taps)
        figures = {
            "taps": len(taps),
            "tap p50 ms": round(1000 * taps[len(taps) // 2]) if taps else None,
            "tap p99 ms": round(1000 * taps[int(len(taps) * 0.99)]) if taps else None,
            "sign-in worst s": round(max(seen.sign_ins, default=float("inf")), 2),
            "memory MB": seen.largest >> 20,
            "answers": dict(seen.answers),
        }
        print(f"{name}: {json.dumps(figures)}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
