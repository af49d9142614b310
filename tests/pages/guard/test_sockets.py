"""Attacks on the sockets of open pages, by hand and by Socket.IO's own client."""

import asyncio
import json
from contextlib import ExitStack, suppress

import httpx
import pytest
import socketio
from websockets import ConnectionClosed, InvalidStatus

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
    other = OpenPage(server, cookie)
    with page.connected() as socket:
        with suppress(ConnectionClosed):  # it is ended while we still speak
            for _ in range(2000):
                socket.event("tap", page.tap(7))
        assert socket.await_end() in (POLICY, 1006)
        with other.connected():
            pass  # and its person can go on, at once


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
