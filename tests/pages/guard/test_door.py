"""The door: who is let in, and how."""

import sqlite3
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import nicegui
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets import InvalidStatus
from websockets.sync.client import connect as open_websocket

from pages.guard import cookies_in, local_path
from support.server import WAIT_SECONDS


def test_a_transport_other_than_the_websocket_is_refused_in_words(server):
    answer = httpx.get(f"{server.url}/_nicegui_ws/socket.io/?EIO=4&transport=polling")
    assert answer.status_code == 400
    assert "needs websockets" in answer.text


@pytest.mark.parametrize("path", ["/", "/login", "/moods.csv", "/healthz", "/nowhere"])
def test_what_answers_get_answers_head(server, path):
    cookies = {"moodtracker": server.register("head" + path[1:4].strip("."))}
    if path == "/login":
        cookies = {}
    got = httpx.get(f"{server.url}{path}", cookies=cookies)
    headed = httpx.head(f"{server.url}{path}", cookies=cookies)
    assert headed.status_code == got.status_code
    assert headed.headers["content-type"] == got.headers["content-type"]
    assert headed.content == b""


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_method_that_nothing_here_answers_is_refused(server, method):
    answer = httpx.request(method, f"{server.url}/login")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_nobody_asked_for_api_documents(server):
    cookie = server.register("curious")
    for path in ("/docs", "/redoc", "/openapi.json"):
        answer = httpx.get(f"{server.url}{path}", cookies={"moodtracker": cookie})
        assert answer.status_code == 404


def test_a_page_that_does_not_exist_is_said_in_words(server):
    cookie = server.register("lost")
    answer = httpx.get(f"{server.url}/nowhere", cookies={"moodtracker": cookie})
    assert answer.status_code == 404
    assert "This page does not exist" in answer.text


@pytest.mark.parametrize("path", ["/assets/nothing.css", "/_nicegui/nothing", "/assets/../main.py"])
def test_a_file_that_does_not_exist_is_said_in_words(server, path):
    answer = httpx.get(f"{server.url}{path}")
    assert answer.status_code == 404
    assert "This page does not exist" in answer.text


def test_no_mood_name_or_secret_gets_into_the_log(server, open_board):
    board = open_board(server, server.register("discreet"))
    board.pick(1)
    board.await_moods("Awful")
    board.send_tap(tap="handmade1", act="record", day="2020-01-01", mood=1)
    board.await_message("nothing was changed")
    said = server.settled_log()
    for secret in ("awful", "discreet", "handmade1", "correct horse", "Traceback"):
        assert secret not in said


@given(st.text())
def test_a_local_path_never_leads_to_another_host(address):
    path = local_path(address)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert not urlsplit(path).netloc


@given(st.lists(st.text()))
def test_any_cookie_header_is_read_without_an_error(headers):
    assert isinstance(cookies_in(headers), dict)


# What another app of the same host may have set, and what a stranger may send.
FOREIGN_COOKIES = [
    "a=1",
    'prefs={"theme":"dark"}',
    "a[b]=1",
    "a b=c d",
    "word",
    "",
    "=",
    "=5.forged",
    'quoted="a; b"',
    'unfinished="',
    "umlaut=\N{LATIN SMALL LETTER A WITH DIAERESIS}",
    "moodtrackers=5.other",
    'x="' + "\\a" * 15_000 + '"',
]


@pytest.mark.parametrize("other", FOREIGN_COOKIES, ids=lambda other: other[:12])
def test_our_cookie_is_found_beside_any_other(other):
    for header in (f"{other}; moodtracker=5.abc", f"moodtracker=5.abc;{other}"):
        assert cookies_in([header])["moodtracker"] == ["5.abc"]
    assert cookies_in([other, "moodtracker=5.abc"])["moodtracker"] == ["5.abc"]


def test_cookies_of_one_name_stand_in_the_browser_s_order():
    found = cookies_in(["moodtracker=1; moodtracker-known=k; moodtracker=2; a=1"])
    assert found == {"moodtracker": ["1", "2"], "moodtracker-known": ["k"]}


@pytest.mark.parametrize("other", FOREIGN_COOKIES, ids=lambda other: other[:12])
def test_who_is_signed_in_stays_so_beside_any_other_cookie(server, other):
    cookie = server.register(f"beside{FOREIGN_COOKIES.index(other)}")
    for header in (f"{other}; moodtracker={cookie}", f"moodtracker={cookie}; {other}"):
        raw = [(b"Cookie", header.strip().encode("latin-1"))]
        assert httpx.get(f"{server.url}/", headers=raw, timeout=WAIT_SECONDS).status_code == 200


def test_another_cookie_of_our_name_signs_nobody_out(server):
    cookie = server.register("twice")
    for header in (
        f"moodtracker={cookie}; moodtracker=x",
        f"moodtracker=1.x; moodtracker={cookie}",
        "".join(f"moodtracker=wrong{number}; " for number in range(30)) + f"moodtracker={cookie}",
        "".join(f"moodtracker=1.x{number}; " for number in range(15)) + f"moodtracker={cookie}",
        f'moodtracker="{cookie}"',
    ):
        assert httpx.get(f"{server.url}/", headers={"Cookie": header}).status_code == 200
    answer = httpx.post(
        f"{server.url}/logout", headers={"Cookie": f"moodtracker=1.x; moodtracker={cookie}"}
    )
    assert answer.status_code == 303
    assert httpx.get(f"{server.url}/", cookies={"moodtracker": cookie}).status_code == 303


def test_what_machines_ask_looks_up_no_session(make_server):
    server = make_server().start()
    cookie = server.register("ada")
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        database.execute("ALTER TABLE sessions RENAME TO nowhere")
    for path in ("/healthz", "/readyz", "/favicon.ico", "/worker.js", "/icon-192.png"):
        answer = httpx.get(f"{server.url}{path}", cookies={"moodtracker": cookie})
        assert answer.status_code == 200
    assert httpx.get(f"{server.url}/", cookies={"moodtracker": cookie}).status_code == 500


@pytest.mark.parametrize("path", ["/assets/nothing.css", "/_nicegui/nothing"])
def test_only_a_file_that_is_there_is_kept_for_ever(server, path):
    version = nicegui.__version__
    for missing in (path, f"/_nicegui/{version}/static/nope.js", f"/_nicegui/{version}/nope"):
        answer = httpx.get(f"{server.url}{missing}")
        assert answer.status_code == 404
        assert answer.headers["cache-control"] == "no-store"
    there = httpx.get(f"{server.url}/_nicegui/{version}/static/nicegui.js")
    assert "immutable" in there.headers["cache-control"]


def test_a_socket_s_address_of_many_fields_is_no_fault_of_ours(server):
    query = "&".join(f"a{number}=1" for number in range(25))
    address = server.url.replace("http", "ws", 1) + f"/_nicegui_ws/socket.io/?{query}"
    with pytest.raises(InvalidStatus), open_websocket(address, open_timeout=WAIT_SECONDS):
        pass
    assert "ERROR" not in server.log
