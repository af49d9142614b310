"""How a page's socket is asked for."""

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.guard.handshake import Handshake

ASKED = {
    "client_id": "3f0c9d52-9f0e-4b1c-8f6e-000000000001",
    "tab_id": "3f0c9d52-9f0e-4b1c-8f6e-000000000002",
    "document_id": "3f0c9d52-9f0e-4b1c-8f6e-000000000003",
    "old_tab_id": "3f0c9d52-9f0e-4b1c-8f6e-000000000004",
    "next_message_id": "0",
    "implicit_handshake": "true",
    "EIO": "4",
    "transport": "websocket",
}


def read(**changed):
    return Handshake.read(urlencode(ASKED | changed).encode())


def test_nicegui_is_told_what_a_page_says_and_no_other_tab():
    told = parse_qs(read(implicit_handshake="false", more="1").query(ASKED["client_id"]).decode())
    assert told.pop("implicit_handshake") == ["true"]
    assert "old_tab_id" not in told
    assert "more" not in told
    assert all(told[name] == [ASKED[name]] for name in told)


@pytest.mark.parametrize(
    "changed",
    [
        {"transport": "polling"},
        {"EIO": "3"},
        {"sid": "abc"},
        {"client_id": ""},
        {"client_id": "a" * 65},
        {"tab_id": "../general"},
        {"next_message_id": "-1"},
        {"next_message_id": "1" * 10},
        {"more": "x" * 1024},
    ],
)
def test_a_socket_that_no_page_asks_for_is_not_understood(changed):
    assert read(**changed) is None


@given(st.binary())
def test_any_query_is_read_without_an_error(query):
    assert Handshake.read(query) is None or query
