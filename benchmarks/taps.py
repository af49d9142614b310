"""Taps by many open pages: bytes to the page that taps, and how the tail grows with the crowd."""

import os
import statistics
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import Bench, Fleet
from benchmarks.contestants import BOARD, Server
from benchmarks.figures import Figure

PEOPLE = 1001
_FLEETS = 2
_SECONDS = 15
_EVERY_SECONDS = 10  # each page is tapped once in so many seconds
_ALONE_SECONDS = 8


def measure(bench: Bench) -> Iterator[Figure]:
    """One page, then 500, then 1,000."""
    yield _alone(bench)
    with bench.serving(BOARD) as (server,):
        taken, load = _crowd(bench, server, 500)
    yield Figure(
        "500 open pages, a tap's p99 against its own p50",
        _p99(taken) / statistics.median(taken),
        5,
        detail=_spread(taken),
        cause=load,
    )
    with bench.serving(BOARD) as (server,):
        taken, load = _crowd(bench, server, 1000)
    yield Figure(
        "1,000 open pages, 100 taps a second, p99",
        _p99(taken) * 1000,
        100,
        "ms",
        detail=_spread(taken),
        cause=load,
    )


def _alone(bench: Bench) -> Figure:
    with bench.serving(BOARD) as (server,), Fleet() as fleet:
        fleet.do(open=bench.full[1:2], url=server.url)
        answer = fleet.do(tap=_ALONE_SECONDS, every=0.2)
    bench.raw["one page"] = answer
    return Figure(
        "bytes from the server for a tap",
        answer["bytes"],
        600,
        "bytes",
        detail=f"mean of {len(answer['seconds'])} taps",
        cause=f"{answer['bytes'] - 600:.0f} bytes too many",
    )


def _crowd(bench: Bench, server: Server, pages: int) -> tuple[list[float], str]:
    """How long each tap took, in seconds, and what the server did meanwhile."""
    share = pages // _FLEETS
    with ExitStack() as stack:
        fleets = [stack.enter_context(Fleet()) for _ in range(_FLEETS)]
        for number, fleet in enumerate(fleets):
            cookies = bench.full[1 + number * share : 1 + (number + 1) * share]
            fleet.begin(open=cookies, url=server.url)
        for fleet in fleets:
            fleet.answer()
        before = server.cpu_seconds
        for fleet in fleets:
            fleet.begin(tap=_SECONDS, every=_EVERY_SECONDS)
        answers = [fleet.answer() for fleet in fleets]
        busy = (server.cpu_seconds - before) / _SECONDS
        memory = server.memory
    taken = [each for answer in answers for each in answer["seconds"]]
    load = (
        f"the server used {busy:.0%} of a core, the machine's load was "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    bench.raw[f"{pages} pages"] = {"seconds": taken, "load": load, "memory": memory}
    return taken, load


def _p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


def _spread(taken: list[float]) -> str:
    return (
        f"{len(taken)} taps, p50 {statistics.median(taken) * 1000:.1f} ms, "
        f"p99 {_p99(taken) * 1000:.1f}"
    )
