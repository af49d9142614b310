"""A page as a browser holds it, without the browser: its HTML, and a socket made by hand."""

import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlencode

import httpx
from websockets import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_websocket

from support.server import NO_TLS, WAIT_SECONDS, Server

_ELEMENTS = re.compile(r"String\.raw`(.*?)`", re.DOTALL)
_CLIENT_ID = re.compile(r"'client_id': '([0-9a-f-]{36})'")
_LOOK_SECONDS = 0.05


class OpenPage:
    """One page that was asked for; ``cookie`` None is a stranger's."""

    def __init__(self, server: Server, cookie: str | None = None, path: str = "/") -> None:
        self.server = server
        self.cookie = cookie
        cookies = {"moodtracker": cookie} if cookie else {}
        answer = httpx.get(
            f"{server.url}{path}", cookies=cookies, timeout=WAIT_SECONDS, verify=NO_TLS
        )
        self.html = answer.text
        found = _CLIENT_ID.search(unescape(self.html))
        assert found, self.html[:500]
        self.client_id = found[1]

    def listener(self, event: str) -> tuple[int, str]:
        """The element that listens to an event, and its listener's id."""
        for number, element in json.loads(unescape(_ELEMENTS.search(self.html)[1])).items():
            for listener in element.get("events", ()):
                if listener["type"] == event:
                    return int(number), listener["listener_id"]
        raise LookupError(event)

    @property
    def day(self) -> str:
        """The day that it shows."""
        return re.search(r'data-day="([\d-]{10})"', self.html)[1]

    def tap(self, mood: object, **changed: object) -> dict[str, object]:
        """What a tap on a mood sends; ``changed`` is what a forger would."""
        name = secrets.token_hex(12)
        return {"tap": name, "act": "record", "mood": mood, "day": self.day} | changed

    def address(self, **changed: str | None) -> str:
        """Where its socket is opened; ``changed`` parts of the query, None leaves one out."""
        query = {
            "client_id": self.client_id,
            "document_id": "d",
            "tab_id": "t",
            "implicit_handshake": "true",
            "next_message_id": "0",
            "EIO": "4",
            "transport": "websocket",
        } | changed
        query = {name: value for name, value in query.items() if value is not None}
        return (
            self.server.url.replace("http", "ws", 1) + f"/_nicegui_ws/socket.io/?{urlencode(query)}"
        )

    @contextmanager
    def socket(
        self, cookie: str | None = "its own", origin: str | None = None, **changed: str | None
    ) -> Iterator["Socket"]:
        """Its socket, opened and not yet connected."""
        brought = self.cookie if cookie == "its own" else cookie
        headers = {"Cookie": f"moodtracker={brought}"} if brought else {}
        with open_websocket(
            self.address(**changed),
            additional_headers=headers,
            origin=origin,
            open_timeout=WAIT_SECONDS,
            ping_interval=None,
        ) as connection:
            yield Socket(connection, self)

    @contextmanager
    def connected(self, **how: str | None) -> Iterator["Socket"]:
        """Its socket, connected as the page connects it."""
        with self.socket(**how) as socket:
            assert socket.connect().startswith("40")
            yield socket


class Socket:
    """A page's socket. Once it is connected, pings are answered whatever the test does meanwhile.

    Who answers none for some seconds is cut off, as the network's end might be gone.
    """

    def __init__(self, connection: ClientConnection, page: OpenPage) -> None:
        self.connection = connection
        self.page = page
        self._heard: SimpleQueue[str] = SimpleQueue()
        self._listener: Thread | None = None

    def connect(self) -> str:
        """Say what a page says first; returns the answer."""
        assert self.hear().startswith("0")
        self.say("40")
        answer = self.hear()
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()
        return answer

    def say(self, text: str | bytes) -> None:
        """Send one frame."""
        self.connection.send(text)

    def emit(self, name: str, content: object) -> None:
        """Send an event of Socket.IO."""
        self.say("42" + json.dumps([name, content], ensure_ascii=False))

    def event(self, event: str, *args: object, page: OpenPage | None = None, **changed) -> None:
        """Send what happened at an element, of this page or in the name of another."""
        number, listener = (page or self.page).listener(event)
        content = {
            "id": number,
            "client_id": (page or self.page).client_id,
            "listener_id": listener,
            "args": [json.dumps(each, ensure_ascii=False) for each in args],
        }
        self.emit("event", content | changed)

    def hear(self) -> str:
        """The next message that is no ping."""
        if self._listener is None:
            return self._next()
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            is_over = not self._listener.is_alive()  # by now all is there that was heard
            try:
                return self._heard.get(timeout=0 if is_over else _LOOK_SECONDS)
            except Empty:
                if is_over:
                    return self._next()  # which says how it ended
                if time.monotonic() > deadline:
                    raise TimeoutError("nothing was said") from None

    def _listen(self) -> None:
        try:
            while True:
                self._heard.put(self._next(None))
        except ConnectionClosed:
            return

    def _next(self, timeout: float | None = WAIT_SECONDS) -> str:
        while (message := str(self.connection.recv(timeout=timeout))) == "2":
            self.say("3")
        return message

    def await_words(self, *words: str) -> str:
        """Listen until each of ``words`` was said, in whichever messages; gives the last."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            message = self.hear()
            words = tuple(one for one in words if one not in message)
            if not words:
                return message
        raise AssertionError(words)

    def await_end(self) -> int:
        """Wait until the server ends it; returns the code that it gives."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                self.hear()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006
        raise AssertionError("the socket stands")
