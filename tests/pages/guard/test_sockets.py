"""Attacks on the sockets of open pages, by hand and by Socket.IO's own client."""

import asyncio
import json
import socket as socket_of_system
import time
from contextlib import ExitStack, suppress

import httpx
import pytest
import socketio
from websockets import ConnectionClosed, InvalidStatus

from pages.guard.sockets import Sockets
from support.loops import run
from support.open_page import OpenPage
from support.server import WAIT_SECONDS
from support.waiting import await_that

POLICY = 1008  # RFC 6455: the message violates the server's policy
TOO_BIG = 1009


@pytest.fixture(scope="module")
def cookie(server):
    return server.register("attacked")


@pytest.fixture
def page(server, cookie):
    return OpenPage(server, cookie)


def entries(server, cookie):
    answer = httpx.get(f"{server.url}/moods.csv", cookies={"moodtracker": cookie})
    return answer.text.strip().splitlines()[1:]


# Whose page it is


def test_a_page_s_socket_stands_with_the_session_of_the_page(page, server):
    with page.connected(origin=server.url):
        pass
    with page.connected():  # no browser, and so no Origin
        pass


def test_a_page_s_socket_is_refused_without_its_session(page, server):
    stranger = server.register("thief")
    for brought in (None, stranger, "1.forged"):
        with page.socket(cookie=brought) as socket:
            assert "handshake failed" in socket.connect()


def test_a_stranger_s_page_is_not_opened_by_somebody_who_is_signed_in(server, cookie):
    with OpenPage(server, path="/login").socket(cookie=cookie) as socket:
        assert "handshake failed" in socket.connect()


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://localhost.evil"]
)
def test_a_socket_opened_by_another_site_is_refused(page, origin):
    with pytest.raises(InvalidStatus), page.socket(origin=origin):
        pass


@pytest.mark.parametrize(
    "changed",
    [{"transport": "polling"}, {"EIO": "3"}, {"sid": "abc"}, {"tab_id": None}, {"client_id": ""}],
)
def test_a_socket_that_no_page_asks_for_is_refused(page, changed):
    with pytest.raises(InvalidStatus), page.socket(**changed):
        pass


def test_a_socket_speaks_for_its_own_page_alone(server, cookie):
    victim = server.register("victim")
    theirs = OpenPage(server, victim)
    with theirs.connected() as open_page, OpenPage(server, cookie).connected() as attacker:
        attacker.event("tap", theirs.tap(4), page=theirs)
        assert attacker.await_end() == POLICY
        mine = theirs.tap(2)
        open_page.event("tap", mine)
        open_page.await_words(mine["tap"])
    assert [line for line in entries(server, victim) if ",4," in line or ",good" in line] == []
    assert len(entries(server, victim)) == 1


def test_socket_io_s_own_client_cannot_speak_for_another_page_either(server, cookie):
    theirs, mine = OpenPage(server, server.register("victim2")), OpenPage(server, cookie)
    number, listener = theirs.listener("tap")

    async def attack():
        client = socketio.AsyncClient(reconnection=False)
        ended = asyncio.Event()
        client.on("disconnect", lambda *_: ended.set())
        await client.connect(
            mine.address(),
            headers={"Cookie": f"moodtracker={cookie}"},
            transports=["websocket"],
            socketio_path="/_nicegui_ws/socket.io",
            wait_timeout=WAIT_SECONDS,
        )
        forged = {
            "id": number,
            "client_id": theirs.client_id,
            "listener_id": listener,
            "args": [json.dumps(theirs.tap(4))],
        }
        await client.emit("event", forged)
        await asyncio.wait_for(ended.wait(), WAIT_SECONDS)
        await client.disconnect()

    with theirs.connected():
        run(attack())
    assert entries(server, theirs.cookie) == []


# When a session ends


def test_after_signing_out_an_open_page_is_cut_off_at_once_and_for_good(server):
    cookie = server.register("gone")
    page = OpenPage(server, cookie)
    with page.connected() as socket:
        httpx.post(f"{server.url}/logout", cookies={"moodtracker": cookie})
        assert "/login" in socket.await_words('"open"')
        socket.event("tap", page.tap(4))
        assert socket.await_end() == POLICY
    with page.socket() as again:
        assert "handshake failed" in again.connect()
    back = httpx.post(
        f"{server.url}/login", data={"login": "gone", "password": "correct horse battery staple"}
    )
    assert entries(server, back.cookies["moodtracker"]) == []


# What may be said


def test_a_mood_that_the_page_does_not_offer_is_not_taken(server):
    cookie = server.register("forger")
    page = OpenPage(server, cookie)
    with page.connected() as socket:
        for mood in (1, 2):
            socket.event("tap", page.tap(mood))
        for forged in (
            page.tap(3),
            page.tap(6),
            page.tap(True),
            page.tap(4, day="2020-01-01"),
            page.tap(4, day="2999-01-01"),
            page.tap(4, act="erase"),
            {**page.tap(4), "user": 1},
            [page.tap(4)],
            "tap",
            None,
        ):
            socket.event("tap", forged)
        last = page.tap(5)
        socket.event("tap", last)
        socket.await_words(last["tap"])
    assert len(entries(server, cookie)) == 2
    assert {line.split(",")[0] for line in entries(server, cookie)} == {page.day}


@pytest.mark.parametrize("name", ["log", "javascript_response"])
def test_what_nobody_listens_to_is_dropped_and_leaves_no_line(page, server, name):
    with page.connected() as socket:
        socket.emit(name, {"client_id": page.client_id, "level": "error", "message": "in-the-log"})
        socket.event("tap", page.tap(7))
        socket.await_words("could not be understood")
    assert "in-the-log" not in server.settled_log()


def test_an_event_for_a_listener_that_is_not_there_is_dropped(page, server):
    with page.connected() as socket:
        socket.event("tap", page.tap(4), listener_id="0" * 36)
        socket.event("tap", page.tap(4), id=10**9)
        socket.event("tap", page.tap(7))
        socket.await_words("could not be understood")
    assert "Traceback" not in server.settled_log()
    assert "KeyError" not in server.settled_log()


@pytest.mark.parametrize(
    "frame",
    [
        b"\x04binary",
        '451-["event",{"_placeholder":true,"num":0}]',
        "b" + "QUFB" * 10,
        '42["unknown",{}]',
        '42["handshake",{}]',
        "42" + "[" * 9000,
        "40",
        "2probe",
        "40/admin,",
    ],
)
def test_whatever_else_is_said_ends_the_socket(page, frame):
    with page.connected() as socket:
        socket.say(frame)
        assert socket.await_end() == POLICY


def test_a_message_that_is_too_large_ends_the_socket(page):
    with page.connected() as socket:
        socket.say("42" + json.dumps(["event", {"args": "x" * 20_000}]))
        assert socket.await_end() == TOO_BIG


def test_a_flood_of_events_ends_the_socket(page, server, cookie):
    with page.connected() as socket:
        with suppress(ConnectionClosed):  # it is ended while we still speak
            for _ in range(2000):
                socket.event("tap", page.tap(7))
        assert socket.await_end() in (POLICY, 1006)
    await_connected(server, cookie)  # and its person can go on


def await_connected(server, cookie):
    """Wait until a page's socket stands: what was said too fast before it is soon forgotten."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with suppress(ConnectionClosed), OpenPage(server, cookie).connected():
            return
        time.sleep(0.1)
    raise AssertionError("no socket stands")


def frame(opcode, content=b""):
    """A frame as a browser sends it (RFC 6455, 5.2), masked with nothing."""
    return bytes([0x80 | opcode, 0x80 | len(content)]) + bytes(4) + content


TEXT, BINARY, PING, PONG = 0x1, 0x2, 0x9, 0xA


class Flood:
    """Frames that are written as they are, whatever the server says to it."""

    def __init__(self, server, cookie):
        self._port = server.port
        self._page = OpenPage(server, cookie, "/" if cookie else "/login")

    def __enter__(self):
        self.wire = socket_of_system.create_connection(("127.0.0.1", self._port), WAIT_SECONDS)
        path = self._page.address().split("/", 3)[3]
        self.wire.sendall(
            f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Cookie: moodtracker={self._page.cookie}\r\n\r\n".encode()
        )
        self.answer = self.wire.recv(12)
        return self

    def __exit__(self, *_):
        self.wire.close()

    def sent(self, frames, most):
        """How many bytes go out before the server ends it, or ``most``."""
        sent = 0
        with suppress(ConnectionError):
            while sent < most:
                sent += self.wire.send(frames)
        return sent

    def is_ended(self):
        with suppress(ConnectionError):
            while self.wire.recv(65536):
                pass
        return True


FLOODS = {
    "pongs": frame(PONG),
    "pings": frame(PING),
    "long pings, whose answers nobody takes": frame(PING, b"x" * 100),
    "texts": frame(TEXT, b"3"),
    "binary": frame(BINARY, b"x" * 100),
    "nothing": frame(TEXT),
}


@pytest.mark.parametrize("kind", FLOODS)
@pytest.mark.parametrize("is_stranger", [True, False], ids=["stranger", "person"])
def test_a_flood_of_frames_of_any_kind_ends_a_socket(server, cookie, kind, is_stranger):
    with Flood(server, None if is_stranger else cookie) as flood:
        assert flood.answer.endswith(b"101")
        flood.sent(FLOODS[kind] * 1000, 50_000_000)
        assert flood.is_ended()
    await_connected(server, cookie)


def test_many_pings_that_are_no_flood_are_answered(server):
    with OpenPage(server, server.register("patient")).connected() as socket:
        for _ in range(100):
            assert socket.connection.ping().wait(WAIT_SECONDS)


def test_who_comes_again_at_once_has_no_more_to_say_than_before():
    sockets = Sockets()
    for address in ("192.0.2.1", "192.0.2.2"):
        with sockets.place(None, None, address) as budget:
            assert budget.bytes.allows(64 * 1024)
            while budget.messages.allows_one_more():
                pass
        with sockets.place(None, None, address) as again:
            assert again is budget
            assert not again.bytes.allows(64 * 1024)


def test_whoever_says_nothing_any_more_is_forgotten():
    sockets = Sockets()
    for number in range(5000):
        with sockets.place(None, None, f"10.0.{number // 250}.{number % 250}"):
            pass
    assert len(sockets._budgets) <= 1000


def test_strangers_sockets_have_one_bound_over_all_addresses():
    sockets = Sockets()
    with ExitStack() as held:

        def come(address):
            return held.enter_context(sockets.place(None, None, address)) is not None

        many = [come(f"10.0.0.{number % 50}") for number in range(1500)]
        assert many.count(True) == len(sockets._places) == 500
    assert len(sockets._places) == 0


def test_what_a_page_hands_over_after_an_outage_goes_through(server):
    """As many taps as may come at once, each with the longest note in the longest letters."""
    cookie = server.register("returning")
    page = OpenPage(server, cookie)
    note = "\N{GRINNING FACE}" * 280
    taps = [page.tap(1, act="note", slot="1", was="a" * 24, text=note) for _ in range(200)]
    for tap in taps:
        del tap["mood"]
    with page.connected() as socket:
        for tap in taps:
            socket.event("tap", tap)
        socket.await_words(taps[-1]["tap"])


@pytest.mark.usefixtures("cookie")
def test_a_socket_without_a_page_is_told_so_and_ended(server):
    page = OpenPage(server, path="/login")
    with page.socket(client_id="none") as socket:
        assert "handshake failed" in socket.connect()
        assert socket.await_end() == POLICY
    with page.socket(client_id="none") as socket:
        assert socket.hear().startswith("0")
        socket.say("3")
        assert socket.await_end() == POLICY


def test_a_socket_stands_beside_large_cookies_of_other_apps(server, cookie):
    page = OpenPage(server, cookie)
    page.cookie = f"{cookie}; other={'x' * 20_000}"
    with page.connected():
        pass


def test_a_page_and_a_session_hold_few_sockets(server):
    cookie = server.register("greedy")
    page = OpenPage(server, cookie)
    with ExitStack() as opened:
        # Connected ones, since one that says nothing soon makes room for another.
        for _ in range(4):
            opened.enter_context(page.connected())
        with pytest.raises(InvalidStatus):
            opened.enter_context(page.socket())
        for _ in range(20):
            opened.enter_context(OpenPage(server, cookie).connected())
        with pytest.raises(InvalidStatus):
            opened.enter_context(OpenPage(server, cookie).socket())
        with OpenPage(server, server.register("modest")).connected():
            pass  # nobody else is kept out

    def may_come():
        with suppress(InvalidStatus), OpenPage(server, cookie).connected():
            return True
        return False

    await_that(may_come)  # once the server has seen that these are gone


def test_a_socket_that_says_nothing_does_not_stay(page):
    with page.socket() as silent, page.socket(client_id="gone") as unknown:
        assert "handshake failed" in unknown.connect()
        assert silent.await_end() == POLICY
        assert unknown.await_end() == POLICY


def test_no_attack_leaves_a_trace_in_the_log(server):
    assert "Traceback" not in server.settled_log()
    assert "Task exception" not in server.settled_log()
