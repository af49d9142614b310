"""People with several tabs, without a browser: each tab does what assets/board.js does.

An act is kept until it is answered; all that waits is sent again, in order, after 3 seconds and on
each connection, possibly to another instance. Tabs of one browser share what waits, as its windows
share the browser's storage. All that is sent and answered is remembered in histories.
"""

import asyncio
import json
import re
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets import WebSocketException
from websockets.asyncio.client import ClientConnection, connect

from support.histories import (
    CHANGE,
    NOBODY_YET,
    NOTE,
    RECORD,
    TAKE_BACK,
    Act,
    Entry,
    Midnight,
    Operation,
    days_at,
)

PATIENCE_SECONDS = 3.0  # as in board.js
_RETURN_SECONDS = 0.25  # before the first try to connect again
_SILENCE_SECONDS = 13.0  # after which Engine.IO's client leaves: between pings there are fewer
_CONNECT_SECONDS = 8.0
_MOST_WAITING = 4
_LOST = 0.2  # of all acts so many lose their answer
_AWAY_SECONDS = (0.1, 0.5, 2.0, 5.0)  # for so long the tab is then out of reach
_TWO_AT_ONCE = 0.2
_AFFINITY = "moodtracker-instance"
_TROUBLE = (OSError, httpx.HTTPError, WebSocketException, TimeoutError, LookupError, EOFError)

_ELEMENTS = re.compile(r"String\.raw`(.*?)`", re.DOTALL)
_CLIENT_ID = re.compile(r"'client_id': '([0-9a-f-]{36})'")
_NEXT_MESSAGE = re.compile(r"'next_message_id': (\d+)")
_DAY = re.compile(r'data-day="([\d-]{10})"')
_SHOW = "moodtracker.show("
_ENTRY = re.compile(
    r'id="slot-(\d)" data-change="(\w+)" data-mood-in="(\d)".*?'
    r'<p class="note" id="note-\d"[^>]*>(.*?)</p>',
    re.DOTALL,
)

Shown = dict[int, Entry]  # by slot


@dataclass(frozen=True)
class Calendar:
    """Where somebody lives, and when days end there while it matters."""

    zone: str
    first_day: str = ""
    midnights: tuple[Midnight, ...] = ()

    def days_at(self, at: float) -> set[str]:
        """The days that it may be there; none where that does not matter."""
        return days_at(at, self.first_day, self.midnights) if self.midnights else set()


@dataclass
class Person:
    """Somebody who is signed in, and all that they ever asked for, by the names of the acts."""

    id: int
    cookie: str
    calendar: Calendar
    tabs: list["Tab"] = field(default_factory=list)
    operations: dict[str, Operation] = field(default_factory=dict)


@dataclass
class _Page:
    """One page as it was drawn: whose it is, and what it shows."""

    url: str
    way: str  # the instance that drew it
    client_id: str
    listener: tuple[int, str]
    next_message: int
    cookies: str
    day: str
    shown: Shown


class Tab:
    """One tab of one browser, which lives until it leaves."""

    def __init__(
        self, person: Person, ways: Mapping[str, str], shelf: dict[str, Act], chance: Random
    ) -> None:
        """Reach the app by one of ``ways`` (a name, an address); keep on ``shelf`` what waits."""
        self.person = person
        self.shelf = shelf
        self.connected = False
        self.acts = False  # until it may
        self.left = False
        self._ways = ways
        self._chance = chance
        self._page: _Page | None = None
        self._socket: ClientConnection | None = None
        self._away = _RETURN_SECONDS
        self._is_away = False
        self._insisting: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- What is seen from outside ---

    @property
    def at(self) -> str:
        """The instance whose page it has open."""
        return self._page.way if self._page else ""

    @property
    def day(self) -> str:
        """The day that it shows."""
        return self._page.day if self._page else ""

    @property
    def shown(self) -> Shown | None:
        """What it shows of that day."""
        return self._page.shown if self._page else None

    def start(self, http: httpx.AsyncClient, every: float) -> None:
        """Open the board, and act once in so many seconds on average."""
        self._do(self._live(http))
        self._do(self._keep_acting(every))

    async def leave(self) -> None:
        """Go, and never come back."""
        self.left = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._insisting:
            self._insisting.cancel()

    async def act(self) -> None:
        """Do something to what is shown, as somebody would who taps."""
        act = self._next_act()
        operation = Operation(act, out_of_reach=self._is_away)
        self.person.operations[act.tap] = operation
        self.shelf[act.tap] = act
        if self.connected:
            await self._send(operation)
        if not operation.sent:
            operation.sent.append((time.monotonic(), NOBODY_YET))
        self._be_patient()

    # --- Acts ---

    async def _keep_acting(self, every: float) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / every))
            if not self.acts or not self._page or len(self.shelf) >= _MOST_WAITING:
                continue
            await self.act()
            if self._chance.random() < _TWO_AT_ONCE:
                await self.act()
            if self._chance.random() < _LOST:
                await asyncio.sleep(self._chance.uniform(0, 0.03))
                self._go_away()

    def _go_away(self) -> None:
        """Be out of reach of the network for a while."""
        self._away = self._chance.choice(_AWAY_SECONDS)
        self._is_away = True
        for tap in self.shelf:
            self.person.operations[tap].out_of_reach = True
        self._drop()

    def _next_act(self) -> Act:
        page = self._page
        assert page
        chance = self._chance
        tap = f"{time.time_ns() // 1_000_000:x}{chance.getrandbits(48):012x}"
        mood = chance.randint(1, 5)
        there = [entry.tap for entry in page.shown.values()]
        if there and self.shelf and chance.random() < 0.2:
            there = list(self.shelf)  # what the page did not see answered
        kind = chance.choice((RECORD, CHANGE, CHANGE, TAKE_BACK, NOTE))
        if kind == RECORD or not there:
            return Act(tap, RECORD, page.day, mood=mood)
        was = chance.choice(there)
        if kind == CHANGE:
            return Act(tap, CHANGE, page.day, was, mood)
        if kind == TAKE_BACK:
            return Act(tap, TAKE_BACK, page.day, was)
        return Act(tap, NOTE, page.day, was, text=f"note {tap}")

    async def _send(self, operation: Operation) -> None:
        if not self._socket or not self._page:
            return
        act = operation.act
        tap: dict[str, object] = {"tap": act.tap, "act": act.kind, "day": act.day}
        tap |= {"was": act.was} if act.was else {}
        tap |= {"mood": act.mood} if act.mood else {}
        tap |= {"slot": "1", "text": act.text} if act.kind == NOTE else {}
        element, listener = self._page.listener
        event = {
            "id": element,
            "client_id": self._page.client_id,
            "listener_id": listener,
            "args": [json.dumps(tap)],
        }
        operation.sent.append((time.monotonic(), self._page.way))
        with suppress(*_TROUBLE):
            await self._socket.send("42" + json.dumps(["event", event]))

    async def _send_all(self) -> None:
        for tap in sorted(self.shelf):
            await self._send(self.person.operations[tap])
        if self.shelf:
            self._be_patient()

    def _be_patient(self) -> None:
        if self._insisting is None and not self.left:
            loop = asyncio.get_running_loop()
            self._insisting = loop.call_later(PATIENCE_SECONDS, self._insist)

    def _insist(self) -> None:
        self._insisting = None
        if self.shelf and not self.left:
            if self.connected:
                self._do(self._send_all())
            else:
                self._be_patient()

    # --- The connection ---

    async def _live(self, http: httpx.AsyncClient) -> None:
        while True:
            try:
                if self._page is None:
                    self._page = await self._load(http)
                await self._stay(self._page)
            except _TROUBLE:
                # Its page may be there still, and is asked for what it missed; or it is reloaded.
                if not self.connected or self._chance.random() < 0.5:
                    self._page = None
            self._drop()
            away, self._away = self._away, _RETURN_SECONDS
            await asyncio.sleep(away)

    def _drop(self) -> None:
        """Lose the connection without a word."""
        if self._socket:
            self._socket.transport.abort()
        self._socket, self.connected = None, False

    async def _load(self, http: httpx.AsyncClient) -> _Page:
        name, url = self._chance.choice(list(self._ways.items()))
        cookies = f"moodtracker={self.person.cookie}"
        answer = await http.get(url + "/", headers={"Cookie": cookies}, timeout=_CONNECT_SECONDS)
        answer.raise_for_status()
        html = unescape(answer.text)
        affinity = answer.cookies.get(_AFFINITY)
        return _Page(
            url=url,
            way=affinity or name,
            client_id=_found(_CLIENT_ID, html),
            listener=_listener(answer.text),
            next_message=int(_found(_NEXT_MESSAGE, html)),
            cookies=f"{cookies}; {_AFFINITY}={affinity}" if affinity else cookies,
            day=_found(_DAY, html),
            shown=_entries(answer.text),
        )

    async def _stay(self, page: _Page) -> None:
        """Hold the page's socket as long as it stands."""
        query = {
            "client_id": page.client_id,
            "document_id": "d",
            "tab_id": "t",
            "implicit_handshake": "true",
            "next_message_id": page.next_message,
            "EIO": "4",
            "transport": "websocket",
        }
        async with connect(
            f"{page.url.replace('http', 'ws', 1)}/_nicegui_ws/socket.io/?{urlencode(query)}",
            additional_headers={"Cookie": page.cookies},
            open_timeout=_CONNECT_SECONDS,
            close_timeout=0.1,
            ping_interval=None,
            compression=None,
            max_size=None,
            proxy=None,
        ) as socket:
            await _heard(socket, _CONNECT_SECONDS)
            await socket.send("40")
            answer = await _heard(socket, _CONNECT_SECONDS)
            if not answer.startswith("40"):
                raise EOFError("the page is not known there")
            self._socket = socket
            while True:
                await self._hear(page, socket, await _heard(socket, _SILENCE_SECONDS))

    async def _hear(self, page: _Page, socket: ClientConnection, message: str) -> None:
        if message == "2":
            await socket.send("3")
        if not message.startswith("42"):
            return
        name, content = json.loads(message[2:])
        if "_id" in content:
            page.next_message = content["_id"] + 1
        code = content.get("code", "") if name == "run_javascript" else ""
        if "location.reload()" in code or name == "try_reconnect":
            self.connected = False
            raise EOFError("it is to be reloaded")
        if code == "moodtracker.connected()":
            self.connected, self._is_away = True, False
            await self._send_all()
        elif code.startswith(_SHOW):
            self._show(page, json.loads(code[len(_SHOW) : code.rindex(")")]))

    def _show(self, page: _Page, said: dict[str, Any]) -> None:
        values = said.get("values", {})
        if card := values.get("today-card"):
            page.day, page.shown = _found(_DAY, card), _entries(card)
        if (slots := values.get("slots")) is not None:
            page.shown = {slot: Entry(mood, tap, note) for slot, tap, mood, _, note in slots}
        now, refused = time.monotonic(), said.get("refused", ())
        for tap in said.get("done", ()):
            self.shelf.pop(tap, None)
            self.person.operations[tap].answers.append((now, tap not in refused))

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _heard(socket: ClientConnection, seconds: float) -> str:
    # Not wait_for: before Python 3.12 it takes no notice of who cancels it just as something comes,
    # and a tab that left would live on.
    async with asyncio.timeout(seconds):
        return str(await socket.recv())


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise LookupError(pattern.pattern)
    return match[1]


def _listener(html: str) -> tuple[int, str]:
    """The element that listens to taps, and its listener's id."""
    for number, element in json.loads(unescape(_found(_ELEMENTS, html))).items():
        for listener in element.get("events", ()):
            if listener["type"] == "tap":
                return int(number), listener["listener_id"]
    raise LookupError("tap")


def _entries(html: str) -> Shown:
    """The moods in a card of today."""
    return {
        int(slot): Entry(int(mood), tap, unescape(note))
        for slot, tap, mood, note in _ENTRY.findall(html)
    }
