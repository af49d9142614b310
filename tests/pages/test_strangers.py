"""What a stranger's requests may cost: nobody who belongs here waits for them."""

import asyncio
import os
import select
import signal
import socket
import sqlite3
from contextlib import ExitStack, closing

import httpx
import pytest
from websockets import InvalidStatus
from zxcvbn import matching

from moodtracker.accounts import password_rules
from moodtracker.fair_queue import Busy
from pages import files
from support.loops import run
from support.open_page import OpenPage
from support.server import NO_TLS, PASSWORD, ROOT, WAIT_SECONDS
from support.tapping import shown_in
from support.waiting import await_that

# Each letter in each way that it is written: zxcvbn tries hundreds of readings.
CRAFTED = '"4@8({[<69&#!1/|0$5+7%2"' * 4
JOINING = {
    "username": "eve",
    "email": "eve@example.org",
    "first_name": "Eve",
    "password": CRAFTED,
    "zone": "UTC",
}


def counted(server):
    """How many counts of failures there are."""
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        return database.execute("SELECT count(*) FROM throttles").fetchone()[0]


def test_a_crafted_password_is_looked_up_no_more_often_than_another(monkeypatch):
    lookups = 0
    look_up = matching.dictionary_match

    def counting(*args, **more):
        nonlocal lookups
        lookups += 1
        return look_up(*args, **more)

    password_rules._estimator()
    monkeypatch.setattr(matching, "dictionary_match", counting)
    for password in (CRAFTED, CRAFTED.strip('"'), "4@8({[<69" * 8, "1|7!" * 10):
        lookups = 0
        password_rules.refusal(password, ())
        assert lookups < 60


def test_where_nobody_may_join_nothing_is_counted_and_no_password_looked_at(make_server):
    server = make_server(REGISTRATION="first").start()
    server.register("ada")
    before = counted(server)
    answer = httpx.post(f"{server.url}/register", data=JOINING, timeout=WAIT_SECONDS)
    assert answer.status_code == 403
    assert counted(server) == before


def test_strangers_of_one_address_ask_for_so_much_and_people_for_more(make_server):
    server = make_server(REQUESTS_PER_SECOND="1").start()
    cookies = dict(sign_in(server, server.register("ada")))
    with httpx.Client(base_url=server.url, timeout=WAIT_SECONDS, verify=NO_TLS) as stranger:
        answers = [stranger.get("/forgot") for _ in range(60)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        assert stranger.get("/healthz").status_code == 200
        assert stranger.get("/", cookies={"moodtracker": "1.forged"}).status_code == 429
    with httpx.Client(base_url=server.url, timeout=WAIT_SECONDS, verify=NO_TLS) as person:
        session = {"moodtracker": cookies["moodtracker"]}
        assert all(person.get("/", cookies=session).status_code == 200 for _ in range(20))
    known = {"moodtracker-known": cookies["moodtracker-known"]}
    with httpx.Client(base_url=server.url, cookies=known, verify=NO_TLS) as person:
        data = {"login": "ada", "password": PASSWORD}
        assert person.post("/login", data=data, timeout=WAIT_SECONDS).status_code == 303


def test_who_asks_for_too_much_is_told_so_before_a_body_is_taken_whatever_session_it_brings(
    make_server,
):
    server = make_server(REQUESTS_PER_SECOND="1").start()
    head = (
        "POST /login HTTP/1.1\r\nHost: localhost\r\nCookie: moodtracker=1.made-up\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n"
    )
    with ExitStack() as stack:
        waiting = []
        for _ in range(30):
            waiting.append(socket.create_connection(("localhost", server.port)))
            stack.enter_context(waiting[-1])
            waiting[-1].sendall(head.encode())
        await_that(lambda: select.select(waiting, [], [], 0)[0])
        (answered, *_), _, _ = select.select(waiting, [], [])
        assert answered.recv(100).startswith(b"HTTP/1.1 429 ")


def test_somebody_known_in_many_browsers_is_still_one(make_server):
    server = make_server(REQUESTS_PER_SECOND="1").start()
    session = server.register("ada")
    known = [sign_in(server, session)["moodtracker-known"] for _ in range(3)]
    assert len(set(known)) == 3
    answers = [
        httpx.get(
            f"{server.url}/forgot",
            headers={"Cookie": f"moodtracker-known={known[number % 3]}"},
            timeout=WAIT_SECONDS,
            verify=NO_TLS,
        ).status_code
        for number in range(25)
    ]
    assert 429 in answers


def sign_in(server, _cookie):
    """The cookies of a browser in which ada signs in."""
    data = {"login": "ada", "password": PASSWORD}
    answer = httpx.post(f"{server.url}/login", data=data, timeout=WAIT_SECONDS, verify=NO_TLS)
    return answer.cookies


def test_strangers_of_one_address_open_so_many_sockets_and_people_more(make_server):
    server = make_server(REQUESTS_PER_SECOND="1").start()
    page = OpenPage(server, server.register("ada"))

    def is_open():
        try:
            with page.socket(cookie=None):
                return True
        except InvalidStatus:
            return False

    assert not all(is_open() for _ in range(60))
    with page.connected():
        pass


async def flood(server, path, data, number, meanwhile):
    limits = httpx.Limits(max_connections=number)
    async with httpx.AsyncClient(timeout=None, limits=limits, verify=NO_TLS) as http:
        asked = [asyncio.create_task(http.post(path, data=data)) for _ in range(number)]
        await asyncio.sleep(0)
        await asyncio.to_thread(meanwhile)
        return [task.done() for task in asked], await asyncio.gather(*asked)


@pytest.mark.parametrize("path", ["/register", "/login"])
def test_who_is_known_is_served_before_a_stranger_s_many_forms_are(make_server, path):
    """With passwords that cost what they do outside of tests."""
    costly = {
        f"PASSWORD_{name}": value for name, value in [("MEMORY_KIB", "65536"), ("PASSES", "3")]
    }
    server = make_server(**costly).start()
    session = server.register("ada")
    known = {"moodtracker-known": sign_in(server, session)["moodtracker-known"]}

    def belongs_here():
        data = {"login": "ada", "password": PASSWORD}
        with httpx.Client(cookies=known, timeout=WAIT_SECONDS, verify=NO_TLS) as http:
            assert http.post(f"{server.url}/login", data=data).status_code == 303
        page = OpenPage(server, session)
        with page.connected() as socket:
            tap = page.tap(4)
            socket.event("tap", tap)
            while tap["tap"] not in shown_in(socket.await_words("moodtracker.show"))["done"]:
                pass

    data = JOINING | {"login": "eve", "username": "ada"}
    done, answers = run(flood(server, server.url + path, data, 40, belongs_here))
    assert not all(done)
    assert {answer.status_code for answer in answers} <= {303, 401, 422, 429, 503}
    for answer in answers:
        if answer.status_code in (429, 503):
            assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_strangers_pages_are_made_one_after_the_other_and_none_is_kept(make_server, method):
    server = make_server()
    server.program = ROOT / "tests" / "support" / "counting_main.py"
    server.start()

    async def ask():
        limits = httpx.Limits(max_connections=60)
        async with httpx.AsyncClient(timeout=None, limits=limits, verify=NO_TLS) as http:
            address = f"{server.url}/register"
            return await asyncio.gather(*(http.request(method, address) for _ in range(60)))

    answers = run(ask())
    assert {answer.status_code for answer in answers} <= {200, 422, 429, 503}
    os.kill(server.pid, signal.SIGUSR1)
    server.await_log("pages at once:")
    assert "pages at once: 1." in server.log


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/login", {"login": "a\0da", "password": "x"}),
        ("/login", {"lo\0gin": "ada"}),
        ("/register", {"username": "ada\0"}),
        ("/forgot", {"login": "\0"}),
        ("/verify", {"token": "a\0"}),
        ("/settings/devices/sign-out", {"device": "\0"}),
        ("/settings/names", {"first_name": "A\0da"}),
        ("/admin/invitations/withdraw", {"invitation": "a\0"}),
    ],
)
def test_nul_in_a_form_is_refused(server, administrator, path, form):
    answer = httpx.post(f"{server.url}{path}", data=form, cookies={"moodtracker": administrator})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "path",
    ["/login?next=%00", "/verify?token=a%00", "/moods.csv?year=%002026", "/%00", "/register?%00=1"],
)
def test_nul_in_an_address_is_refused(server, administrator, path):
    answer = httpx.get(f"{server.url}{path}", cookies={"moodtracker": administrator})
    assert answer.status_code == 422


def test_what_only_looks_like_nul_is_taken(server):
    answer = httpx.post(f"{server.url}/login", data={"login": "100%00", "password": "%2500"})
    assert answer.status_code == 401


@pytest.fixture(scope="module")
def administrator(server):
    return server.register("boss")


def test_one_person_s_many_exports_leave_another_s_turn(server):
    async def many():
        order = []

        async def export(person):
            async with files.turn_of(person):
                order.append(person.id)
                await asyncio.sleep(0)

        greedy, other = Somebody(1), Somebody(2)
        waiting = [asyncio.create_task(export(greedy)) for _ in range(50)]
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(export(other)))
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert sum(isinstance(result, Busy) for result in results) > 30
        return order

    assert run(many()).index(2) < 6  # of ten


class Somebody:
    def __init__(self, number):
        self.id = number


def test_too_many_exports_of_one_are_told_when_to_come_again(make_server):
    server = make_server().start()
    cookie = server.register("greedy")

    async def ask():
        limits = httpx.Limits(max_connections=40)
        cookies = {"moodtracker": cookie}
        async with httpx.AsyncClient(
            cookies=cookies, timeout=WAIT_SECONDS, limits=limits, verify=NO_TLS
        ) as http:
            address = f"{server.url}/board.png?shape=poster&size=print"
            return await asyncio.gather(*(http.get(address) for _ in range(40)))

    answers = run(ask())
    assert {answer.status_code for answer in answers} == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            assert "Please wait a little" in answer.text
    assert "ERROR" not in server.log
