"""Bytes that a visit brings to a real browser, all included, counted between it and the server."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

from benchmarks.bench import Bench
from benchmarks.browser import await_connection, chromium, context_for
from benchmarks.contestants import BOARD, ONE_LABEL, USUAL_WAY, serving
from benchmarks.figures import Figure

PEOPLE = 2
_SETTLE_MS = 1500


def measure(bench: Bench) -> Iterator[Figure]:
    """A first visit and a later one."""
    names = ("board", "one label", "usual way")
    raw: dict[str, list[int]] = {}
    with chromium() as browser:
        for name, what in zip(names, (BOARD, ONE_LABEL, USUAL_WAY), strict=True):
            with (
                Counter() as counter,
                serving(what, bench.data, bench.full[0], counter.url.rstrip("/")) as server,
            ):
                counter.leads_to = server.port
                context = context_for(browser, counter.url, bench.full[1])
                page = context.new_page()
                raw[name] = []
                for _ in range(3):
                    counter.bytes = 0
                    page.goto(counter.url)
                    await_connection(page)
                    page.wait_for_timeout(_SETTLE_MS)
                    raw[name].append(counter.bytes)
                context.close()
    bench.raw["bytes of a first, a second and a third visit"] = raw
    for which, place, target in (("first", 0, 130), ("later", 1, 8)):
        kilobytes = {name: counts[place] / 1000 for name, counts in raw.items()}
        yield Figure(
            f"a {which} visit over the wire",
            kilobytes["board"],
            target,
            "kB",
            detail=f"one label {kilobytes['one label']:.1f}, "
            f"usual way {kilobytes['usual way']:.1f}",
            cause=f"{kilobytes['board'] - target:.1f} kB too many",
        )


class Counter:
    """A port that passes everything on to a server, and counts what comes back."""

    def __init__(self) -> None:
        """Stand before the server at the port that it ``leads_to``."""
        self.bytes = 0
        self.leads_to = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._port = 0

    @property
    def url(self) -> str:
        """Where to knock."""
        return f"http://localhost:{self._port}/"

    def __enter__(self) -> "Counter":
        """Begin to listen."""
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self._port = listening.result()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _hang_up(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._pass_on, "localhost", 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection("127.0.0.1", self.leads_to)

        async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                if source is behind:
                    self.bytes += len(data)
                target.write(data)
                await target.drain()
            target.close()

        with suppress(asyncio.CancelledError):
            await asyncio.gather(pump(reader, before), pump(behind, writer), return_exceptions=True)
