"""Memory of a server for each page that is open, held by sockets that offer what browsers offer."""

import time
from collections.abc import Iterator

from benchmarks.bench import Bench, Fleet
from benchmarks.contestants import BOARD, ONE_LABEL, USUAL_WAY, Server
from benchmarks.figures import Figure

PEOPLE = 350
_PAGES = 300
_PAGES_THE_USUAL_WAY = 60  # each costs megabytes
_WARM_UP = 20
_SETTLE_SECONDS = 5


def measure(bench: Bench) -> Iterator[Figure]:
    """The board against one label."""
    with bench.serving(BOARD) as (server,):
        board = _for_each_page(server, bench.full[1:], _PAGES)
    with bench.serving(ONE_LABEL) as (server,):
        label = _for_each_page(server, bench.full[1:], _PAGES)
    with bench.serving(USUAL_WAY) as (server,):
        usual = _for_each_page(server, bench.full[1:], _PAGES_THE_USUAL_WAY)
    bench.raw["bytes of memory for an open page"] = {
        "board": board,
        "one label": label,
        "usual way": usual,
    }
    yield Figure(
        "memory for an open page, against one label",
        board / label,
        1.3,
        detail=f"{board / 1000:.0f} kB against {label / 1000:.0f}; usual way {usual / 1000:.0f}",
        cause=f"{(board - label) / 1000:.0f} kB more than the framework keeps for any page",
    )


def _for_each_page(server: Server, cookies: list[str], pages: int) -> float:
    with Fleet() as fleet:
        fleet.do(open=cookies[:_WARM_UP], url=server.url)
        time.sleep(_SETTLE_SECONDS)
        before = server.memory
        fleet.do(open=cookies[_WARM_UP : _WARM_UP + pages], url=server.url)
        time.sleep(_SETTLE_SECONDS)
        return (server.memory - before) / pages
