"""What a page's socket may say."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.guard.frames import LONGEST, FrameRefused, Kind, read

PAGE = "3f0c9d52-9f0e-4b1c-8f6e-000000000001"
EVENT = {"id": 4, "client_id": PAGE, "listener_id": "abc", "args": ['{"mood": 1}', None]}


def emitted(name, content):
    return "42" + json.dumps([name, content])


def refused(text):
    with pytest.raises(FrameRefused):
        read(text, PAGE)
    return True


def test_what_a_page_says_is_understood():
    for text in ("40", "40{}"):
        assert read(text, PAGE).kind is Kind.CONNECT
    for text in ("3", "1", "41", emitted("ack", {"client_id": PAGE, "next_message_id": 7})):
        assert read(text, PAGE).kind is Kind.ORDINARY
    event = read(emitted("event", EVENT), PAGE)
    assert (event.kind, event.element, event.listener) == (Kind.EVENT, 4, "abc")


def test_what_nicegui_s_script_says_by_itself_is_dropped():
    said = {"client_id": PAGE, "level": "error", "message": "forged\nline"}
    assert read(emitted("log", said), PAGE).kind is Kind.UNHEARD
    assert read(emitted("javascript_response", {"request_id": "x"}), PAGE).kind is Kind.UNHEARD


def test_nothing_is_said_in_another_page_s_name():
    other = {"client_id": PAGE[:-1] + "2"}
    assert refused(emitted("event", EVENT | other))
    assert refused(emitted("ack", {"next_message_id": 7} | other))
    assert refused(emitted("event", {name: EVENT[name] for name in EVENT if name != "client_id"}))
    assert refused(f'42["event",{{"client_id":"{PAGE}","client_id":"other","id":4}}]')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "2",
        "2probe",
        "3probe",
        "5",
        "6",
        "bAAAA",
        "4",
        "40/admin,",
        '40{"token":1}',
        '42/admin,["event",{}]',
        '421["event",{}]',
        '4251-["event",{"_placeholder":true,"num":0}]',
        '451-["event",{"_placeholder":true,"num":0}]',
        "43[]",
        "44{}",
        "46[]",
        "42[",
        "42[]",
        '42["event"]',
        '42["connect",{}]',
        '42["disconnect",{}]',
        '42["handshake",{}]',
        '42["anything",{}]',
        '42{"event":1}',
        "42" + "[" * 8000,
        emitted("event", EVENT | {"args": ["[" * 8000]}),
        emitted("event", EVENT | {"args": ["not JSON"]}),
        emitted("event", EVENT | {"args": [{}]}),
        emitted("event", EVENT | {"args": ["1"] * 9}),
        emitted("event", EVENT | {"args": "1"}),
        emitted("event", EVENT | {"id": "4"}),
        emitted("event", EVENT | {"listener_id": ["abc"]}),
        emitted("event", EVENT | {"listener_id": "a" * 65}),
        emitted("event", EVENT | {"more": 1}),
        emitted("ack", {"client_id": PAGE, "next_message_id": "7"}),
        emitted("event", EVENT | {"args": [json.dumps("a" * LONGEST)]}),
    ],
)
def test_whatever_no_page_says_is_refused(text):
    assert refused(text)


@given(st.text())
def test_any_text_is_understood_or_refused(text):
    for begun in ("", "4", "42", "42["):
        with contextlib.suppress(FrameRefused):
            read(begun + text, PAGE)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values, st.sampled_from(["event", "ack"]))
def test_any_content_is_refused_unless_it_names_its_own_page(content, name):
    if not (isinstance(content, dict) and content.get("client_id") == PAGE):
        assert refused(emitted(name, content))
