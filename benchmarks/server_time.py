"""CPU time of a server for one page, signed in, the year read from SQLite.

Each page is another person's first: no server has drawn it before. The contestants are asked in
turn, so that a noisy machine is noisy for all. CPU time is the whole process', all threads.
"""

import statistics
from collections.abc import Iterator

import httpx

from benchmarks.bench import Bench
from benchmarks.contestants import BOARD, BROWSER, FLASK, ONE_LABEL, USUAL_WAY, Server
from benchmarks.figures import Figure

PEOPLE = 100  # with a full year, that this needs
_ROUNDS = 80
_WARM_UP = 15


def measure(bench: Bench) -> Iterator[Figure]:
    """The board against the three baselines, and a full year against an empty one."""
    names = ("board", "one label", "usual way", "Flask", "empty board")
    taken: dict[str, list[float]] = {name: [] for name in names}
    with (
        bench.serving(BOARD, ONE_LABEL, USUAL_WAY, FLASK) as servers,
        httpx.Client(timeout=60) as client,
    ):
        servers.append(servers[0])
        for number in range(_WARM_UP + _ROUNDS):
            for name, server in zip(names, servers, strict=True):
                people = bench.empty if name == "empty board" else bench.full
                taken[name].append(_cpu_of_one_page(client, server, people[number + 1]))
    medians = {name: statistics.median(times[_WARM_UP:]) * 1000 for name, times in taken.items()}
    bench.raw["server CPU ms"] = {
        name: [round(each * 1000, 3) for each in times[_WARM_UP:]] for name, times in taken.items()
    }
    board = medians["board"]

    def detail(other: str) -> str:
        return f"{board:.2f} ms of CPU against {medians[other]:.2f}"

    yield Figure(
        "server time of a page, against one label",
        board / medians["one label"],
        2.0,
        detail=detail("one label"),
        cause=f"an empty year's page alone takes {medians['empty board']:.2f} ms",
    )
    yield Figure(
        "the usual way's server time, against ours",
        medians["usual way"] / board,
        20,
        at_least=True,
        detail=detail("usual way"),
        cause=f"a twentieth of it is {medians['usual way'] / 20 / medians['one label']:.2f} x "
        "one label",
    )
    yield Figure(
        "server time of a page, against Flask with Jinja2",
        board / medians["Flask"],
        1,
        detail=detail("Flask"),
        cause=f"NiceGUI's one label alone takes {medians['one label']:.2f} ms",
    )
    yield Figure(
        "a full year's page, against an empty year's",
        board / medians["empty board"],
        1.5,
        detail=detail("empty board"),
        cause=f"{board - medians['empty board']:.2f} ms for reading and drawing the moods",
    )


def _cpu_of_one_page(client: httpx.Client, server: Server, cookie: str) -> float:
    before = server.cpu_seconds
    answer = client.get(server.url, headers=BROWSER | {"Cookie": f"moodtracker={cookie}"})
    answer.raise_for_status()
    return server.cpu_seconds - before
