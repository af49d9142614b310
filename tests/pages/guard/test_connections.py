"""Connections that somebody holds open: each has an end. A real server, with less patience."""

import socket
import threading
from contextlib import suppress

import pytest
import uvicorn

from pages.guard import connections, limits
from support.server import WAIT_SECONDS, free_port
from support.waiting import await_that

LARGE = b"x" * 50_000_000  # more than the buffers between two processes hold


async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "bytes": LARGE})
        await receive()
    elif scope["type"] == "http":
        body = LARGE if scope["path"] == "/large" else b"hello"
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def serving(monkeypatch):
    """The port, and what the server knows of its connections."""
    monkeypatch.setattr(connections, "_HEAD_SECONDS", WAIT_SECONDS)
    monkeypatch.setattr(connections, "_TAKE_SECONDS", WAIT_SECONDS)
    chosen = free_port()
    config = uvicorn.Config(
        application,
        port=chosen,
        http=connections.HttpConnection,
        ws=connections.SocketConnection,
        lifespan="off",
        log_config=None,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    await_that(lambda: server.started)
    yield chosen, server.server_state
    server.should_exit = True
    thread.join(WAIT_SECONDS)


@pytest.fixture
def port(serving):
    return serving[0]


@pytest.fixture
def be_impatient(monkeypatch):
    """Has the server wait for next to nothing from now on; called where it shall be."""

    def be_so():
        monkeypatch.setattr(connections, "_HEAD_SECONDS", 0.3)
        monkeypatch.setattr(connections, "_TAKE_SECONDS", 0.3)

    return be_so


def await_no_connection(state):
    """Wait until the server holds no connection any more."""
    await_that(lambda: not state.connections)


def dial(port, said):
    made = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
    made.sendall(said)
    return made


def test_many_requests_and_a_long_body_on_one_connection_are_all_answered(port):
    body = b"x" * 60_000
    posted = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n" + body
    with dial(port, b"") as connection:
        for said in [ask(more=b"X: " + b"x" * 7000 + b"\r\n") + b"\r\n", posted] * 20:
            connection.sendall(said)
            assert b"hello" in connection.recv(1024)


def is_ended(connection):
    """Whether the server ends it (else this waits until the test gives up)."""
    with suppress(ConnectionResetError):
        while connection.recv(1024):
            pass
    return True


def ask(path="/", more=b""):
    return b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n" + more


def test_a_request_in_its_time_is_answered_and_another_after_it(port):
    with dial(port, ask() + b"\r\n") as connection:
        assert b"hello" in connection.recv(1024)
        connection.sendall(ask()[:10])
        connection.sendall(ask()[10:] + b"\r\n")
        assert b"hello" in connection.recv(1024)


@pytest.mark.parametrize("said", [b"", b"G", ask(), ask(more=b"X-Slow: 1")])
def test_a_request_whose_head_does_not_come_is_given_up(port, be_impatient, said):
    be_impatient()
    with dial(port, said) as connection:
        assert is_ended(connection)


def test_the_head_of_a_later_request_has_to_come_too(port, be_impatient):
    with dial(port, ask() + b"\r\n") as connection:
        assert b"hello" in connection.recv(1024)
        be_impatient()
        connection.sendall(ask())
        assert is_ended(connection)


@pytest.mark.parametrize("part", [b"X-Many: 1\r\n", b"X-Long: ", b"/"])
def test_a_head_that_does_not_end_does_not_fill_the_memory(port, part):
    begun = ask(more=part) if part != b"/" else b"GET /"
    with dial(port, begun) as connection:
        answer = b""
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                connection.sendall((part if part.endswith(b"\n") else b"x" * 8) * 1000)
            answer = connection.recv(1024)
        assert is_ended(connection)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_of_a_head_of_many_short_lines_few_are_kept(serving):
    port, state = serving
    lines = b"x:\r\n" * 10_000
    with dial(port, ask(more=lines)):
        await_that(lambda: any(each._head_size > len(lines) for each in state.connections))
        (connection,) = state.connections
        assert len(connection.headers) == limits.MOST_HEADERS + 1


def taken(connection):
    """How much there is to be had."""
    size = 0
    with suppress(ConnectionResetError):
        while part := connection.recv(1 << 20):
            size += len(part)
    return size


def test_who_does_not_take_an_answer_loses_the_connection(serving, be_impatient):
    be_impatient()
    port, state = serving
    with dial(port, ask("/large") + b"\r\n") as connection:
        assert connection.recv(12) == b"HTTP/1.1 200"
        await_no_connection(state)
        assert taken(connection) < len(LARGE)


def test_who_does_not_take_what_a_socket_sends_loses_it(serving, be_impatient):
    be_impatient()
    port, state = serving
    upgrade = (
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with dial(port, ask(more=upgrade)) as connection:
        assert connection.recv(12) == b"HTTP/1.1 101"
        await_no_connection(state)
        assert taken(connection) < len(LARGE)
