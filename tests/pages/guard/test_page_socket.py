"""An event happens only while the session of its page holds, whatever the page does with it."""

import json
from functools import partial
from types import SimpleNamespace

import pytest

from moodtracker.fair_queue import FairQueue
from pages.guard.page_socket import PageSocket, asks_for_its_session
from pages.guard.rate import Rate
from support.loops import run

PAGE = "3f0c9d52-9f0e-4b1c-8f6e-000000000001"
_EVENT = {"id": 4, "client_id": PAGE, "listener_id": "abc", "args": ["1"]}
EVENT = "42" + json.dumps(["event", _EVENT])


async def holds():
    return True


async def is_over():
    return False


async def cannot_be_told():
    raise OSError


def passed(holds, handler=print, texts=("40", EVENT)):
    """What of these texts NiceGUI gets to hear, and the pages that are sent away."""
    listener = SimpleNamespace(handler=handler)
    element = SimpleNamespace(_event_listeners={"abc": listener})
    client = SimpleNamespace(id=PAGE, is_deleted=False, elements={4: element})
    waiting = [{"type": "websocket.receive", "text": text} for text in texts]
    heard, away = [], []

    async def receive():
        return waiting.pop(0) if waiting else {"type": "websocket.disconnect", "code": 1000}

    async def send(message):
        heard.append(message["type"])

    async def talk():
        socket = PageSocket(
            receive,
            send,
            client,
            rate=Rate(9, 9),
            turn=partial(FairQueue(1, each=1, most=1).turn, "somebody"),
            holds=holds,
            send_away=away.append,
        )
        while (message := await socket.receive())["type"] == "websocket.receive":
            heard.append(message["text"][:2])

    run(talk())
    return heard, len(away)


def test_while_the_session_holds_it_happens():
    assert passed(holds) == (["40", "42"], 0)


def test_when_the_session_is_over_nothing_happens_and_the_page_is_sent_away():
    assert passed(is_over) == (["40"], 1)


def test_while_that_cannot_be_told_nothing_happens():
    assert passed(cannot_be_told) == (["40"], 0)


def test_what_asks_by_itself_is_not_asked_for_twice():
    class Page:
        @asks_for_its_session
        def take(self, event):
            pass

    assert passed(is_over, Page().take) == (["40", "42"], 0)


@pytest.mark.parametrize("text", ["", "x", "45", "40"])
def test_what_no_page_says_ends_the_socket(text):
    assert passed(holds, texts=("40", text, "3")) == (["40", "websocket.close"], 0)
