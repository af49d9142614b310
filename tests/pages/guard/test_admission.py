"""Boards are drawn a few at a time, and nobody keeps a turn who is slow to ask or to take."""

import asyncio
import socket
from contextlib import ExitStack

import httpx

from pages.guard.admission import Admission
from support.loops import run
from support.server import WAIT_SECONDS

HERD = 300
AT_ONCE = 3


def test_a_herd_is_answered_a_few_at_a_time_in_the_order_in_which_it_came():
    most, answered = 0, []

    async def herd():
        admission, drawing = Admission(AT_ONCE), 0

        async def send(message):
            nonlocal drawing
            drawing -= 1

        async def ask(number):
            nonlocal drawing, most
            async with admission.turn(send) as sending:
                drawing += 1
                most = max(most, drawing)
                await asyncio.sleep(0)
                answered.append(number)
                await sending({"type": "http.response.start"})

        await asyncio.gather(*map(ask, range(HERD)))

    run(herd())
    assert most == AT_ONCE
    assert answered == list(range(HERD))


def test_who_takes_the_answer_slowly_or_fails_keeps_no_turn():
    async def ask_behind():
        admission, never = Admission(1), asyncio.Event()

        async def send(message):
            await never.wait()

        async def take_slowly():
            async with admission.turn(send) as sending:
                await sending({"type": "http.response.start"})

        async def fail():
            async with admission.turn(send):
                raise ValueError

        slow = asyncio.create_task(take_slowly())
        await asyncio.gather(fail(), fail(), return_exceptions=True)
        async with admission.turn(send):
            slow.cancel()
            return True

    assert run(ask_behind())


def test_boards_are_answered_while_others_are_slow_to_say_what_they_want(server):
    cookie = server.register("quick")
    with ExitStack() as slow:
        for _ in range(2 * AT_ONCE):
            connection = socket.create_connection(("localhost", server.port))
            slow.callback(connection.close)
            connection.sendall(
                b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n"
                b"Origin: " + server.url.encode() + b"\r\n\r\nhalf"
            )
        answer = httpx.get(server.url, cookies={"moodtracker": cookie}, timeout=WAIT_SECONDS)
        assert answer.status_code == 200
        assert "today-card" in answer.text
