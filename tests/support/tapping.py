"""Somebody who taps on an open page without a pause, and remembers what was shown as saved."""

import json
import random
import re
import secrets
import threading
import time
from dataclasses import dataclass, field

import httpx
from websockets import WebSocketException

from support.open_page import OpenPage, Socket
from support.server import Server

NOT_SAVED = "Not saved yet"
_SHOWN = re.compile(r"moodtracker\.show\((.*)\)$", re.DOTALL)


@dataclass
class Shown:
    """What a page knows of its own moods: those that are saved, and what it waits for."""

    saved: dict[str, int] = field(default_factory=dict)  # the mood, by the name of its tap
    waits_for: dict[str, object] | None = None
    confirmed: int = 0  # how many taps in all
    refused: int = 0

    def act(self, chance: random.Random, day: str) -> dict[str, object]:
        """The next tap."""
        tap = {"tap": secrets.token_hex(12), "day": day}
        what = chance.choice(("record", "record", "change", "take_back"))
        if what == "record" or not self.saved:
            return tap | {"act": "record", "mood": chance.randint(1, 5)}
        was = chance.choice(list(self.saved))
        if what == "change":
            return tap | {"act": "change", "was": was, "mood": chance.randint(1, 5)}
        return tap | {"act": "take_back", "was": was}

    def carried_out(self, tap: dict[str, object]) -> dict[str, int]:
        """What is saved once ``tap`` is done."""
        after = dict(self.saved)
        after.pop(tap.get("was"), None)
        if "mood" in tap:
            after[tap["tap"]] = tap["mood"]
        return after

    def answer(self, *, refused: bool) -> None:
        """The page shows that what it waited for is done, or refused."""
        if not refused:
            self.saved = self.carried_out(self.waits_for)
        self.waits_for = None
        self.confirmed += not refused
        self.refused += refused

    @property
    def may_be_there(self) -> list[dict[str, int]]:
        """What the database may hold of this page: one of these, and nothing else."""
        if self.waits_for is None:
            return [self.saved]
        return [self.saved, self.carried_out(self.waits_for)]


class Tapper:
    """Taps in a session until the server is gone, and goes on where it was once it is back."""

    def __init__(self, server: Server, cookie: str, chance: random.Random) -> None:
        self._server = server
        self._cookie = cookie
        self._chance = chance
        self.shown = Shown()
        self.told_to_wait = 0

    def tap_until_cut(self, most: int) -> None:
        """At most so many taps; a page sends first what it has no answer to."""
        try:
            page = OpenPage(self._server, self._cookie)
            with page.connected() as socket:
                for _ in range(most):
                    self._tap(page, socket)
        except (WebSocketException, OSError, httpx.TransportError, EOFError):
            return

    def tap_until(self, told: threading.Event) -> None:
        """Until told to stop, and answered; a socket that is lost is an error."""
        page = OpenPage(self._server, self._cookie)
        with page.connected() as socket:
            while not told.is_set():
                self._tap(page, socket)

    def _tap(self, page: OpenPage, socket: Socket) -> None:
        shown = self.shown
        if shown.waits_for is None:
            shown.waits_for = shown.act(self._chance, page.day)
        name = shown.waits_for["tap"]
        socket.event("tap", shown.waits_for)
        while True:
            said = shown_in(socket.await_words("moodtracker.show"))
            if name in said.get("done", ()):
                break
            if NOT_SAVED in said.get("message", ""):
                self.told_to_wait += 1
                time.sleep(0.05)
                socket.event("tap", shown.waits_for)
        shown.answer(refused=name in said.get("refused", ()))


def shown_in(message: str) -> dict[str, object]:
    """What a message tells the page to show."""
    _, content = json.loads(message[message.index("[") :])
    return json.loads(_SHOWN.search(content["code"])[1])


def is_explained(entries: dict[str, int], tappers: list[Tapper]) -> bool:
    """Whether a person's entries are what their pages showed, or were about to show."""
    possible: list[dict[str, int]] = [{}]
    for tapper in tappers:
        possible = [one | more for one in possible for more in tapper.shown.may_be_there]
    return len(entries) <= 2 and entries in possible
