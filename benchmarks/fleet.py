"""Many open pages in a process of their own.

Run as `python -m benchmarks.fleet`. Reads one order on each line of its input, as JSON, and answers
each with one line: {"open": [cookies], "url": ...}, {"tap": seconds, "every": seconds},
{"press": times}.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import httpx

from benchmarks.new_years_eve import TODAY
from benchmarks.sockets import Page, Tapper
from benchmarks.year import first_tap

_AT_ONCE = 8


class Fleet:
    """Open pages, and what is done with them."""

    def __init__(self) -> None:
        """Begin without pages."""
        self._pages: list[Page] = []

    async def open(self, url: str, cookies: list[str]) -> dict[str, Any]:
        """Open a page for each cookie."""
        turn = asyncio.Semaphore(_AT_ONCE)
        async with httpx.AsyncClient(timeout=60) as http:

            async def open_one(cookie: str) -> Page:
                async with turn:
                    return await Page.open(http, url, cookie)

            self._pages += await asyncio.gather(*map(open_one, cookies))
        return {"open": len(self._pages)}

    async def tap(self, seconds: float, every: float) -> dict[str, Any]:
        """Let each board be tapped every so many seconds, at random moments; how long each took."""
        tappers = [Tapper(page, str(TODAY), first_tap(TODAY)) for page in self._pages]
        until = time.perf_counter() + seconds
        before = sum(page.received for page in self._pages)

        async def tap_on(tapper: Tapper) -> list[float]:
            taken = []
            await asyncio.sleep(random.uniform(0, every))
            while time.perf_counter() < until:
                begun = time.perf_counter()
                taken.append(await tapper.tap(time.perf_counter))
                await asyncio.sleep(max(0, begun + every - time.perf_counter()))
            return taken

        taken = [each for one in await asyncio.gather(*map(tap_on, tappers)) for each in one]
        received = sum(page.received for page in self._pages) - before
        return {"seconds": taken, "bytes": received / max(1, len(taken))}

    async def press(self, times: int) -> dict[str, Any]:
        """Press the button of the first page so often; how long each answer took."""
        page = self._pages[0]
        target = page.listener("click")
        taken = []
        for number in range(1, times + 1):
            begun = time.perf_counter()
            await page.send(target, {}, until=f"answer {number}")
            taken.append(time.perf_counter() - begun)
        return {"seconds": taken}

    async def close(self) -> None:
        """Leave all pages."""
        await asyncio.gather(*(page.close() for page in self._pages))


async def main() -> None:
    """Carry out orders until there are no more."""
    fleet = Fleet()
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        if "open" in order:
            answer = await fleet.open(order["url"], order["open"])
        elif "tap" in order:
            answer = await fleet.tap(order["tap"], order["every"])
        else:
            answer = await fleet.press(order["press"])
        print(json.dumps(answer), flush=True)
    await fleet.close()


if __name__ == "__main__":
    asyncio.run(main())
