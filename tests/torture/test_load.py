"""Many open pages at once, and taps on them: each tap is answered, and memory stays level."""

import asyncio
import json
import os
import secrets
import sqlite3
import time
from contextlib import closing

import httpx
import pytest
from websockets.asyncio.client import connect

from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.models import UserRow
from support.loops import run
from support.open_page import OpenPage
from support.rounds import rounds
from support.rows import NOW
from support.server import WAIT_SECONDS, Server
from support.zone_data import zone_of_noon

PAGES = min(1000, rounds(100))
PAGES_A_SESSION = 20
TAPS_A_SECOND = 5
SECONDS = min(600, rounds(10))
PLATEAU_SECONDS = min(60, SECONDS / 2)


@pytest.fixture
def server(tmp_path):
    started = Server(tmp_path)
    yield started.start()
    started.kill()


def sign_in(server, people):
    database = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    cookies = []
    for number in range(people):
        with database.write() as session:
            row = UserRow(
                username=f"p{number}", first_name="Ada", zone=zone_of_noon(), created_at=NOW
            )
            session.add(row)
            session.flush()
            who = row.id
        cookies.append(sessions.open_session(database, who))
    database.close()
    return cookies


def resident_kb(server):
    with open(f"/proc/{server.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Held:
    """One page that stays open, and hears which of its taps are done."""

    def __init__(self, page):
        self.page = page
        self.done = asyncio.Event()
        self.waits_for = ""

    async def stand(self, ready):
        headers = {"Cookie": f"moodtracker={self.page.cookie}"}
        async with connect(
            self.page.address(),
            additional_headers=headers,
            open_timeout=WAIT_SECONDS,
            ping_interval=None,
            max_queue=None,
        ) as self.socket:
            await self.socket.recv()
            await self.socket.send("40")
            await self.socket.recv()
            ready.release()
            async for message in self.socket:
                if message == "2":
                    await self.socket.send("3")
                elif self.waits_for and "done" in message and self.waits_for in message:
                    assert "refused" not in message
                    self.done.set()

    async def tap(self, act):
        number, listener = self.page.listener("tap")
        event = {"id": number, "client_id": self.page.client_id, "listener_id": listener}
        self.waits_for, self.done = act["tap"], asyncio.Event()
        arguments = {"args": [json.dumps(act)]}
        await self.socket.send("42" + json.dumps(["event", event | arguments]))
        await asyncio.wait_for(self.done.wait(), WAIT_SECONDS)


async def hold(server, cookies):
    ready = asyncio.Semaphore(0)
    held, standing = [], []
    for number in range(PAGES):
        cookie = cookies[number // PAGES_A_SESSION]
        held.append(Held(await asyncio.to_thread(OpenPage, server, cookie)))
        standing.append(asyncio.create_task(held[-1].stand(ready)))
        await asyncio.wait_for(ready.acquire(), WAIT_SECONDS)
    begun, taps, level = time.monotonic(), 0, resident_kb(server)
    day = held[0].page.day
    while time.monotonic() < begun + SECONDS:
        each = held[(taps * PAGES_A_SESSION + taps // len(held)) % len(held)]
        tap = {"tap": secrets.token_hex(12), "day": day, "act": "record", "mood": 1 + taps % 5}
        await each.tap(tap)
        await each.tap(
            {"tap": secrets.token_hex(12), "day": day, "act": "take_back", "was": tap["tap"]}
        )
        taps += 2
        if time.monotonic() < begun + PLATEAU_SECONDS:
            level = resident_kb(server)
        await asyncio.sleep(max(0, begun + taps / TAPS_A_SECOND - time.monotonic()))
    for each in held[::PAGES_A_SESSION]:  # one that stays, for everybody
        await each.tap({"tap": secrets.token_hex(12), "day": day, "act": "record", "mood": 5})
    assert not any(task.done() for task in standing)
    after = resident_kb(server)
    for task in standing:
        task.cancel()
    return taps, level, after


def test_many_open_pages_lose_no_tap_and_memory_stays_level(server):
    people = -(-PAGES // PAGES_A_SESSION)
    cookies = sign_in(server, people)
    taps, level, after = run(hold(server, cookies))
    print(
        f"{PAGES} pages, {os.cpu_count()} cores, {taps} taps in {SECONDS} s, "
        f"{level} kB, then {after} kB"
    )
    assert after < level * 1.05
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        kept = database.execute("SELECT count(DISTINCT user_id), count(*), min(mood) FROM entries")
        assert kept.fetchone() == (people, people, 5)
    assert httpx.get(f"{server.url}/readyz", timeout=WAIT_SECONDS).status_code == 200
    assert "Traceback" not in server.settled_log()
