"""Several instances over one PostgreSQL, each by a way that can be cut; and their faults."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from support.cluster import Cluster
from support.server import Server

SECRET_KEY = "the same secret on every instance of the test"


class Relay:
    """What lies between an instance and its database: it passes everything on, or nothing."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._passing = asyncio.Event()
        self._passing.set()
        self._tasks: set[asyncio.Task] = set()

    async def start(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Nothing comes through, and nobody is told; what is sent waits on the way."""
        self._passing.clear()

    def heal(self) -> None:
        self._passing.set()

    def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _join(self, reader, writer) -> None:
        await self._passing.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        for pair in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.ensure_future(self._pass(*pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader, writer) -> None:
        try:
            while data := await reader.read(65536):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()


class Fleet:
    """Instances a, b and c, and what may happen to them."""

    def __init__(self, folder: Path, cluster: Cluster, chance: Random, seconds: float) -> None:
        """Each fault lasts up to so many ``seconds``."""
        self._folder = folder
        self._cluster = cluster
        self._chance = chance
        self._seconds = seconds
        self.instances: dict[str, Server] = {}
        self._relays: dict[str, Relay] = {}

    @property
    def ways(self) -> dict[str, str]:
        return {name: instance.url for name, instance in self.instances.items()}

    @asynccontextmanager
    async def running(self, skews: tuple[int, ...] = (0, 0, 0)) -> AsyncIterator["Fleet"]:
        """Start them; their clocks are so many seconds fast."""
        try:
            for name, skew in zip("abc", skews, strict=True):
                await self._start(name, skew)
            yield self
        finally:
            for name, instance in self.instances.items():
                self._relays[name].stop()
                await asyncio.to_thread(instance.kill)

    async def _start(self, name: str, skew: int) -> None:
        home = self._folder / name
        home.mkdir()
        relay = self._relays[name] = Relay("127.0.0.1", self._cluster.port)
        port = await relay.start()
        instance = self.instances[name] = Server(
            home,
            DATABASE_URL=f"postgresql://postgres@127.0.0.1:{port}/postgres",
            SECRET_KEY=SECRET_KEY,
            DRAIN_SECONDS="0",
        )
        if skew:
            instance.skew_clock(skew)
        await asyncio.to_thread(instance.start)

    def some(self) -> str:
        """One of them."""
        return self._chance.choice(list(self.instances))

    async def kill_an_instance(self) -> None:
        await self.kill(self.some())

    async def kill(self, name: str) -> None:
        """`kill -9`; after a while it is started again."""
        instance = self.instances[name]
        await asyncio.to_thread(instance.kill)
        await asyncio.sleep(self._chance.uniform(0, self._seconds / 2))
        await asyncio.to_thread(instance.start)

    async def freeze_an_instance(self) -> None:
        """It stands still, with all that was sent to it, and then goes on."""
        pid = self.instances[self.some()].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await self._while_it_lasts()
        finally:
            os.kill(pid, signal.SIGCONT)

    async def cut_off_an_instance(self) -> None:
        """It does not reach the database, and the database does not reach it."""
        relay = self._relays[self.some()]
        relay.cut()
        try:
            await self._while_it_lasts()
        finally:
            relay.heal()

    async def end_connections(self) -> None:
        """Each connection to the database is ended, some times."""
        for _ in range(5):
            await asyncio.to_thread(self._cluster.cut_connections)
            await asyncio.sleep(self._chance.uniform(0.05, 1))

    async def freeze_the_database(self) -> None:
        """All of its processes stand still; what is sent to it is acknowledged, and waits."""
        postmaster = int((self._cluster._folder / "data/postmaster.pid").read_text().split()[0])
        stopped = [postmaster]
        os.kill(postmaster, signal.SIGSTOP)
        try:
            for child in children_of(postmaster):
                os.kill(child, signal.SIGSTOP)
                stopped.append(child)
            await self._while_it_lasts()
        finally:
            for pid in reversed(stopped):
                os.kill(pid, signal.SIGCONT)

    async def _while_it_lasts(self) -> None:
        await asyncio.sleep(self._chance.uniform(self._seconds / 2, self._seconds))


def children_of(pid: int) -> list[int]:
    """The processes that one has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
