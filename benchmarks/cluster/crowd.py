"""People who tap without a browser, as the page's script does: a tap is kept until it is saved.

Each tap changes the mood that the tap before it left. So one that was said to be saved and was
lost is noticed by the next, which finds nothing to change.
"""

import asyncio
import json
import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import httpx

from benchmarks.sockets import Page

_LAST_SECONDS = 20.0  # that a tap is waited for in the end
_PATIENCE = 3.0  # seconds after which the page sends a tap again


@dataclass
class Tally:
    """What came of the taps since it was last cleared."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    reopened: int = 0
    troubles: Counter[str] = field(default_factory=Counter)  # that were got over


class Crowd:
    """Some people who tap on and on, in a thread of its own."""

    def __init__(self, url: str, cookies: list[str], taps_a_second: float) -> None:
        """Everybody has a board, empty today."""
        self.tally = Tally()
        self.last: dict[str, str] = {}  # each cookie's last tap that was said to be saved
        self._url = url
        self._every = len(cookies) / taps_a_second
        self._cookies = cookies
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._tap()))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End once everybody's tap is saved."""
        self._stopping.set()
        self._thread.join()

    async def _tap(self) -> None:
        await asyncio.gather(*map(self._person, self._cookies))

    async def _person(self, cookie: str) -> None:
        await asyncio.sleep(random.uniform(0, self._every))
        page: Page | None = None
        mood = 0
        async with httpx.AsyncClient(timeout=5) as http:
            while not self._stopping.is_set():
                begun = time.monotonic()
                mood = mood % 5 + 1
                page = await self._save(http, page, cookie, mood)
                self.tally.seconds.append(time.monotonic() - begun)
                await asyncio.sleep(max(0, begun + self._every - time.monotonic()))
            if page:
                await page.close()

    async def _save(
        self, http: httpx.AsyncClient, page: Page | None, cookie: str, mood: int
    ) -> Page:
        """Have one tap saved, whatever it takes; returns the page that then is open."""
        tap = {"tap": secrets.token_hex(12), "day": str(date.today()), "mood": mood}  # noqa: DTZ011 - the people are in UTC, as this machine is
        was = self.last.get(cookie)
        tap |= {"act": "change", "was": was} if was else {"act": "record"}
        given_up_at = None
        while given_up_at is None or time.monotonic() < given_up_at:
            if self._stopping.is_set():
                given_up_at = given_up_at or time.monotonic() + _LAST_SECONDS
            try:
                if page is None:
                    page = await Page.open(http, self._url, cookie)
                answer = await page.send(
                    page.listener("tap"), tap, until=str(tap["tap"]), seconds=_PATIENCE
                )
            except TimeoutError:
                if page is not None and not page.is_open:
                    await self._leave(page)
                    page = None
            except Exception as error:
                self.tally.troubles[type(error).__name__] += 1
                await self._leave(page)
                page = None
                await asyncio.sleep(0.25)
            else:
                if _is_refused(answer, str(tap["tap"])):
                    self.tally.refused += 1
                self.last[cookie] = str(tap["tap"])
                return page
        raise TimeoutError("a tap was never saved")

    async def _leave(self, page: Page | None) -> None:
        self.tally.reopened += 1
        if page is not None:
            await page.close()


def _is_refused(answer: str, tap: str) -> bool:
    """Whether the page was told that this tap found nothing to change."""
    code = str(json.loads(answer[2:])[1].get("code", ""))
    _, _, refused = code.partition('"refused": [')
    return tap in refused.partition("]")[0]
