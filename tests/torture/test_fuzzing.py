"""Whatever is sent to routes and sockets: no 500, no trace, nothing that a person could not do."""

import json
import sqlite3
from contextlib import closing, suppress

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets import ConnectionClosed

from support.forked_server import ForkedServer
from support.open_page import OpenPage
from support.rounds import rounds
from support.server import WAIT_SECONDS
from support.tapping import shown_in

REQUESTS = rounds(150)
FRAMES = rounds(150)
PATHS = [
    "/",
    "/login",
    "/register",
    "/forgot",
    "/reset",
    "/verify",
    "/logout",
    "/signed-out",
    "/settings",
    "/admin",
    "/healthz",
    "/readyz",
    "/metrics",
    "/board.svg",
    "/board.png",
    "/board.pdf",
    "/moods.csv",
    "/moods.json",
    "/unsubscribe",
    "/year-end/preview",
    "/settings/address",
    "/settings/day",
    "/settings/devices",
    "/settings/everything",
    "/settings/look",
    "/settings/names",
    "/settings/notes",
    "/settings/password",
    "/settings/reminder",
    "/settings/year-end",
    "/admin/checks",
    "/admin/invitations",
    "/admin/people",
    "/admin/year-end",
    "/login/provider",
    "/login/provider/back",
    "/manifest.webmanifest",
    "/worker.js",
    "/offline",
    "/assets/",
    "/nowhere",
]
FIELDS = [
    "username",
    "email",
    "first_name",
    "last_name",
    "password",
    "zone",
    "login",
    "next",
    "token",
    "code",
    "state",
    "year",
    "size",
    "form",
    "style",
    "day_end_hour",
    "theme",
    "language",
    "reminder_at",
    "act",
    "device",
    "year-end",
    "person",
    "new_password",
    "error",
]
# NUL and halves of characters belong to it: what a browser cannot send, a program can.
TEXT = st.text(max_size=40) | st.sampled_from(
    ("", "0", "-1", "2026", "9" * 30, "\0", "%00", "../x")
)
FORM = st.dictionaries(st.sampled_from(FIELDS), TEXT.filter(lambda t: t.isprintable()), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
NAME = st.sampled_from(("tap00000001", "ada00000001", "")) | TEXT
TAP = st.fixed_dictionaries(
    {},
    optional={
        "tap": NAME | JSON,
        "act": st.sampled_from(("record", "change", "take_back", "note")) | JSON,
        "was": NAME | JSON,
        "mood": st.integers(-1, 7) | JSON,
        "day": st.dates().map(str) | st.just("today") | JSON,
        "slot": st.sampled_from(("1", "2", "3")) | JSON,
        "text": TEXT | JSON,
    },
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = ForkedServer(
        tmp_path_factory.mktemp("fuzzed"), PASSWORD_MEMORY_KIB="8192", PASSWORD_PASSES="1"
    )
    yield started.start()
    started.close()


def entries(server, who):
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        return database.execute(
            "SELECT day, slot, mood, note, tap FROM entries WHERE user_id = ?", (who,)
        ).fetchall()


def assert_is_well(server):
    assert httpx.get(f"{server.url}/readyz", timeout=WAIT_SECONDS).status_code == 200
    for trouble in ("Traceback", "an error in a page", "a request failed"):
        assert trouble not in server.log


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_no_request_makes_the_server_fail(server, is_signed_in):
    cookies = {"moodtracker": server.register("eve")} if is_signed_in else {}
    with httpx.Client(base_url=server.url, cookies=cookies, timeout=WAIT_SECONDS) as client:

        @settings(max_examples=REQUESTS, database=None)
        @given(
            method=st.sampled_from(("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS")),
            path=st.sampled_from(PATHS),
            query=FORM,
            form=FORM,
        )
        def ask(method, path, query, form):
            more = {"data": form} if method == "POST" else {}
            answer = client.request(method, path, params=query, **more)
            assert answer.status_code < 500 or answer.status_code == 503  # said in words
            assert "Something went wrong" not in answer.text
            assert "Traceback" not in answer.text

        ask()
    assert_is_well(server)


def test_no_event_does_what_its_person_could_not(server):
    ada = OpenPage(server, server.register("ada"))
    with ada.connected() as socket:
        tap = ada.tap(4, tap="ada00000001")
        socket.event("tap", tap)
        while tap["tap"] not in shown_in(socket.await_words("moodtracker.show")).get("done", ()):
            pass
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        (who,) = database.execute("SELECT id FROM users WHERE username = 'ada'").fetchone()
    before = entries(server, who)
    assert len(before) == 1
    mallory = server.register("mallory")
    pages = []

    def socket_of_mallory():
        """One that stands; it ends at each thing that no page would say."""
        if not pages:
            page = OpenPage(server, mallory)
            way = page.connected()
            pages.append((page, way, way.__enter__()))
        return pages[0][0], pages[0][2]

    @settings(max_examples=FRAMES, database=None)
    @given(tap=TAP | JSON, listener=st.sampled_from(("tap", "look")), forged=st.booleans())
    def send(tap, listener, forged):
        page, socket = socket_of_mallory()
        if isinstance(tap, dict) and tap.get("day") == "today":
            tap = tap | {"day": page.day}
        try:
            socket.event(listener, tap, page=ada if forged else page)
            if forged:
                socket.await_end()
                pages.clear()
        except (ConnectionClosed, AssertionError, UnicodeError):
            pages.clear()

    @settings(max_examples=FRAMES, database=None)
    @given(text=st.text(max_size=60) | JSON.map(lambda each: "42" + json.dumps(["event", each])))
    def say(text):
        _, socket = socket_of_mallory()
        with suppress(UnicodeError):
            try:
                socket.say(text)
            except ConnectionClosed:
                pages.clear()

    send()
    say()
    assert_is_well(server)
    assert entries(server, who) == before
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        (mallorys,) = database.execute("SELECT id FROM users WHERE username = 'mallory'").fetchone()
    assert len(entries(server, mallorys)) <= 2
    assert {day for day, *_ in entries(server, mallorys)} <= {ada.day}
