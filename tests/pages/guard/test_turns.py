"""Pages of people are made a few at a time, and nobody keeps a turn who is slow to ask."""

import socket
from contextlib import ExitStack

import httpx

from support.server import WAIT_SECONDS

AT_ONCE = 3


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
