"""Everybody's day ends in the same second: who taps is answered before all pages have turned."""

import asyncio
import json
from datetime import UTC, date, datetime

from websockets.asyncio.client import connect

from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.models import UserRow
from support.loops import run
from support.open_page import OpenPage
from support.server import WAIT_SECONDS

PEOPLE, PAGES_OF_EACH = 15, 20
TOMORROW = date(2026, 11, 25)


def test_a_tap_is_answered_while_most_pages_still_wait_to_turn_and_all_turn_in_the_end(make_server):
    server = make_server()
    server.set_clock(2026, 11, 24, 23, 40)
    server.start()
    turned = []

    async def follow(page):
        socket = await connect(
            page.address(),
            additional_headers={"Cookie": f"moodtracker={page.cookie}"},
            open_timeout=WAIT_SECONDS,
            ping_interval=None,
            max_size=None,
        )
        await socket.recv()
        await socket.send("40")
        await await_words(socket, "moodtracker.connected")
        return socket

    async def turn(page, socket):
        await await_words(socket, str(TOMORROW))
        turned.append(page)
        return page, socket

    async def midnight():
        turning = []
        for cookie in people(server):
            for _ in range(PAGES_OF_EACH):
                page = await asyncio.to_thread(OpenPage, server, cookie)
                # From now on, since who answers no ping while the others come is cut off.
                turning.append(asyncio.create_task(turn(page, await follow(page))))
        server.set_clock(2026, 11, 25, 0, 0, 1)
        # One that has turned: its next answer is to a tap for the new day.
        page, socket = await next(asyncio.as_completed(turning, timeout=WAIT_SECONDS))
        tap = page.tap(4, day=str(TOMORROW))
        number, listener = page.listener("tap")
        content = {"id": number, "client_id": page.client_id, "listener_id": listener}
        await socket.send("42" + json.dumps(["event", content | {"args": [json.dumps(tap)]}]))
        await await_words(socket, tap["tap"])
        before = len(turned)
        for _, socket in await asyncio.wait_for(asyncio.gather(*turning), WAIT_SECONDS):
            await socket.close()
        return before

    assert run(midnight()) < PEOPLE * PAGES_OF_EACH / 2
    assert len(turned) == PEOPLE * PAGES_OF_EACH


async def await_words(socket, words):
    async for message in socket:
        if message == "2":
            await socket.send("3")
        elif words in message:
            return
    raise AssertionError(words)


def people(server):
    """So many who are signed in; their cookies."""
    database = Database(f"sqlite:///{server.folder}/data/moodtracker.db")
    made = datetime(2026, 11, 24, 23, tzinfo=UTC)
    with database.write() as session:
        rows = [
            UserRow(username=f"p{number}", first_name="Ada", zone="UTC", created_at=made)
            for number in range(PEOPLE)
        ]
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
    cookies = [sessions.open_session(database, user_id) for user_id in ids]
    database.close()
    return cookies
