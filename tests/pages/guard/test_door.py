"""The door: who is let in, and how."""

import json
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.guard import cookie_in, local_path


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


@given(st.text(), st.text(alphabet="abc_-.1", min_size=1))
def test_any_cookie_header_is_read_without_an_error(header, name):
    value = cookie_in(header, name)
    assert value is None or isinstance(value, str)


def test_a_cookie_is_found_among_others():
    assert cookie_in("a=1; moodtracker=5.abc; b=2", "moodtracker") == "5.abc"
    assert json.dumps(cookie_in("a=1", "moodtracker")) == "null"
