"""Thousands of sockets that say nothing: refused or held, and people are served all the while."""

import asyncio
import resource
import uuid
from collections import Counter

import httpx
import pytest

from support.loops import run
from support.open_page import OpenPage
from support.rounds import rounds
from support.server import WAIT_SECONDS, Server
from support.tapping import shown_in

SOCKETS = min(10_000, rounds(500))
AN_ADDRESS_S = 600  # of which more are websockets than an address's strangers may hold
FEW_FILES = 128
AT_ONCE = 50
LARGEST_KB_EACH = 60


@pytest.fixture
def server(tmp_path):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    started = Server(tmp_path)
    yield started.start()
    started.kill()


def silent(_):
    return b""


def amid_its_head(_):
    return b"GET / HTTP/1.1\r\nHost: localhost\r\n"


def after_a_request(_):
    return b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def websocket(server):
    """Opened as a page opens its own, whose id nobody has."""
    page = f"client_id={uuid.uuid4()}&document_id=d&tab_id=t&implicit_handshake=true"
    more = "next_message_id=0&EIO=4&transport=websocket"
    return (
        f"GET /_nicegui_ws/socket.io/?{page}&{more} HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


KINDS = (silent, amid_its_head, after_a_request, websocket)


class Idle:
    """A connection from an address of its own choice, that says one thing at most."""

    def __init__(self, server, number, kinds):
        self.kind = kinds[number % len(kinds)]
        self.answer = b""
        place = number // AN_ADDRESS_S
        self._from = f"127.{1 + place // 250}.0.{1 + place % 250}"
        self._server = server

    async def open(self, turn):
        async with turn:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._server.port, local_addr=(self._from, 0)
            )
            said = self.kind(self._server)
            self._writer.write(said)
            await self._writer.drain()
            if said and self.kind is not amid_its_head:
                self.answer = await asyncio.wait_for(self._reader.read(1024), WAIT_SECONDS)

    def close(self):
        self._writer.close()


def resident_kb(server):
    with open(f"/proc/{server.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def save(page, socket, mood):
    """Tap, and wait until the page shows that it is saved."""
    sent = page.tap(mood)
    socket.event("tap", sent)
    while sent["tap"] not in shown_in(socket.await_words("moodtracker.show")).get("done", ()):
        pass


def tap(server, cookie, mood):
    page = OpenPage(server, cookie)
    with page.connected() as socket:
        save(page, socket, mood)


async def hold(server, sockets, meanwhile, kinds=KINDS):
    idle = [Idle(server, number, kinds) for number in range(sockets)]
    turn = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(each.open(turn) for each in idle))
    held = resident_kb(server)
    await asyncio.to_thread(meanwhile)
    for each in idle:
        each.close()
    return idle, held


def answers(idle):
    """How often each kind was answered with what."""
    return Counter((each.kind.__name__, each.answer.split(b"\r\n")[0].decode()) for each in idle)


def test_idle_sockets_are_refused_or_held_and_a_person_is_served(server):
    cookie = server.register("ada")
    tap(server, cookie, 4)
    before = resident_kb(server)
    idle, held = run(hold(server, SOCKETS, lambda: tap(server, cookie, 2)))
    found = answers(idle)
    print(f"{SOCKETS} sockets: {before} kB, then {held} kB, {dict(found)}")
    assert held - before < SOCKETS * LARGEST_KB_EACH
    assert found["after_a_request", "HTTP/1.1 200 OK"] == SOCKETS // len(KINDS)
    assert found["websocket", "HTTP/1.1 403 Forbidden"] > 0
    assert found["websocket", "HTTP/1.1 101 Switching Protocols"] > 0
    assert httpx.get(f"{server.url}/readyz", timeout=WAIT_SECONDS).status_code == 200
    assert "Traceback" not in server.settled_log()


def test_a_server_without_a_file_left_for_another_socket_serves_again_once_the_idle_are_gone(
    server,
):
    cookie = server.register("ada")
    page = OpenPage(server, cookie)
    with page.connected() as socket:
        _, most = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (FEW_FILES, most))
        run(hold(server, 2 * FEW_FILES, lambda: save(page, socket, 4), (silent,)))
    tap(server, cookie, 2)
    server.await_ready()
    assert "Traceback" not in server.settled_log()
