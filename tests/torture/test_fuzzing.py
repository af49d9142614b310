"""Whatever is sent to routes and sockets: no 500, no trace, nothing that a person could not do."""

import json
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress

import httpx
import nicegui
import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from websockets import ConnectionClosed

from support.open_page import OpenPage
from support.rounds import rounds
from support.routes import as_openapi, routes
from support.server import PASSWORD, WAIT_SECONDS, Server, free_port
from support.tapping import shown_in

REQUESTS = rounds(150)
FRAMES = rounds(150)
# What forms and addresses have for fields, with values that are good; Schemathesis adds others.
FIELDS = {
    "username": ["eve"],
    "email": ["eve@example.org"],
    "first_name": ["Eve"],
    "last_name": [],
    "password": [PASSWORD],
    "new": ["another correct horse"],
    "login": ["eve"],
    "next": ["/settings", "//example.org"],
    "invitation": [],
    "setup_code": [],
    "token": [],
    "code": [],
    "state": [],
    "error": ["access_denied"],
    "zone": ["Europe/Berlin", "Pacific/Apia"],
    "day_end_hour": ["0", "5", "6"],
    "theme": ["dark"],
    "language": ["ar"],
    "faces_in_squares": ["on"],
    "number_keys": ["on"],
    "slot_labels": ["on"],
    "notes_in_mail": ["on"],
    "reminder": ["on"],
    "reminder_at": ["20:00", "25:00"],
    "mail": ["on"],
    "to": ["eve@example.org"],
    "sure": ["on"],
    "device": [],
    "id": ["1", "2", "-1", "9" * 30],
    "year": ["2025", "2026", "0", "99999"],
    "size": ["print", "A4"],
    "day": ["2026-11-24"],
    "mood": ["1", "6"],
    "host": ["example.org"],
}
# NUL and halves of characters belong to it: what a browser cannot send, a program can.
TEXT = st.text(max_size=40) | st.sampled_from(
    ("", "0", "-1", "2026", "9" * 30, "\0", "%00", "../x")
)
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
    started = Server(
        tmp_path_factory.mktemp("fuzzed"),
        SMTP_HOST="127.0.0.1",  # where nobody listens: mails wait
        SMTP_PORT=str(free_port()),
        MAIL_FROM="mood@example.org",
    )
    yield started.start()
    started.kill()


def entries(server, who):
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        return database.execute(
            "SELECT day, slot, mood, note, tap FROM entries WHERE user_id = ?", (who,)
        ).fetchall()


def assert_is_well(server):
    assert httpx.get(f"{server.url}/readyz", timeout=WAIT_SECONDS).status_code == 200
    for trouble in ("Traceback", "an error in a page", "a request failed"):
        assert trouble not in server.settled_log()


@pytest.fixture(scope="module")
def requests(tmp_path_factory):
    """Requests to every route that the app has, as their document allows and as it does not."""
    found = routes(tmp_path_factory.mktemp("routes"))
    named = [
        each.replace("VERSION", nicegui.__version__) for each in found["web"] + found["nicegui"]
    ]
    document = schemathesis.openapi.from_dict(as_openapi(named, FIELDS))
    return st.one_of(
        operation.ok().as_strategy(generation_mode=mode)
        for operation in document.get_all_operations()
        for mode in schemathesis.GenerationMode
    )


def no_trace(_context, answer, _case):
    """Whether the answer tells of the program's own failure."""
    for trace in (b"Traceback", b"Something went wrong"):
        assert trace not in answer.content


class SignedIn:
    """Somebody who signs in again where what they sent has signed them out, or ended them."""

    def __init__(self, server):
        self._server = server
        self._cookie = None
        self.names = iter(f"eve{number}" for number in range(100_000))

    def cookie(self):
        cookies = {"moodtracker": self._cookie or ""}
        answer = httpx.get(f"{self._server.url}/moods.json", cookies=cookies, timeout=WAIT_SECONDS)
        if answer.status_code != 200:
            self._cookie = self._server.register(next(self.names))
        return self._cookie


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_no_request_makes_the_server_fail(server, requests, is_signed_in):
    eve = SignedIn(server)
    seen = Counter()

    @settings(max_examples=REQUESTS, database=None)
    @given(case=requests, method=st.sampled_from((None, None, None, "HEAD", "PUT", "DELETE")))
    def ask(case, method):
        case.method = method or case.method
        headers = {"Origin": server.url}
        if is_signed_in:
            headers["Cookie"] = f"moodtracker={eve.cookie()}"
        answer = case.call(base_url=server.url, headers=headers, timeout=WAIT_SECONDS)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=[no_trace, not_a_server_error])

    ask()
    print(f"{sum(seen.values())} requests: {dict(seen)}")
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
        while not pages:
            page = OpenPage(server, mallory)
            way = page.connected()
            try:
                pages.append((page, way, way.__enter__()))
            except ConnectionClosed:  # all these sockets together were too fast
                time.sleep(0.5)
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
