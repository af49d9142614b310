import json
import re
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets import InvalidStatus
from websockets.sync.client import connect as open_websocket

from pages.guard import cookie_in, local_path


def board_client(server, cookie):
    """The id of a page that was asked for with this cookie, as its HTML tells it."""
    text = httpx.get(server.url, cookies={"moodtracker": cookie}).text
    return re.search(r"'client_id': '([0-9a-f-]{36})'", text.replace("&#39;", "'"))[1]


def connect(server, client_id, cookie=None, origin=None):
    """Open a page's socket by hand; returns the server's answer to the connection."""
    query = urlencode(
        {
            "client_id": client_id,
            "document_id": "d",
            "tab_id": "t",
            "implicit_handshake": "true",
            "next_message_id": "0",
            "EIO": "4",
            "transport": "websocket",
        }
    )
    headers = {"Cookie": f"moodtracker={cookie}"} if cookie else {}

    address = server.url.replace("http", "ws") + f"/_nicegui_ws/socket.io/?{query}"
    with open_websocket(address, additional_headers=headers, origin=origin) as socket:
        socket.recv()
        socket.send("40")
        return socket.recv()


def test_a_page_s_socket_stands_with_the_session_of_the_page(server):
    cookie = server.register("socket")
    assert connect(server, board_client(server, cookie), cookie).startswith("40")


def test_a_page_s_socket_is_refused_without_its_session(server):
    cookie, stranger = server.register("bound"), server.register("thief")
    client_id = board_client(server, cookie)
    for brought in (None, stranger, "1.forged"):
        assert "handshake failed" in connect(server, client_id, brought)


def test_after_signing_out_a_page_s_socket_is_refused(server):
    cookie = server.register("gone")
    client_id = board_client(server, cookie)
    httpx.post(f"{server.url}/logout", cookies={"moodtracker": cookie})
    assert "handshake failed" in connect(server, client_id, cookie)


def test_a_socket_opened_by_another_site_is_refused(server):
    cookie = server.register("crosssite")
    client_id = board_client(server, cookie)
    with pytest.raises(InvalidStatus):
        connect(server, client_id, cookie, origin="https://evil.example")
    assert connect(server, client_id, cookie, origin=server.url).startswith("40")


def test_a_transport_other_than_the_websocket_is_refused_in_words(server):
    answer = httpx.get(f"{server.url}/_nicegui_ws/socket.io/?EIO=4&transport=polling")
    assert answer.status_code == 400
    assert "needs websockets" in answer.text


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


def test_no_mood_name_or_secret_gets_into_the_log(server, open_board):
    board = open_board(server, server.register("discreet"))
    board.pick(1)
    board.await_moods("Awful")
    board.send_tap(tap="handmade1", act="record", day="2020-01-01", mood=1)
    board.await_message("nothing was changed")
    for secret in ("awful", "discreet", "handmade1", "correct horse", "Traceback"):
        assert secret not in server.log


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
