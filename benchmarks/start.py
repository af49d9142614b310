"""From the start of the process to the first page served, and memory at rest after it."""

import statistics
import time
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.contestants import BOARD, LABEL_AND_SQLMODEL, ONE_LABEL
from benchmarks.figures import Figure

PEOPLE = 1
_ROUNDS = 5
_REST_SECONDS = 2


def measure(bench: Bench) -> Iterator[Figure]:
    """The board against one label, started in turn; and what SQLModel alone adds to that."""
    names = ("board", "one label", "one label and SQLModel")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    memory: dict[str, list[int]] = {name: [] for name in names}
    for _ in range(_ROUNDS):
        for name, what in zip(names, (BOARD, ONE_LABEL, LABEL_AND_SQLMODEL), strict=True):
            with bench.serving(what) as (server,):
                seconds[name].append(server.seconds_to_first_page)
                cpu[name].append(server.cpu_seconds)
                time.sleep(_REST_SECONDS)
                memory[name].append(server.memory)
    bench.raw["start"] = {"seconds": seconds, "CPU seconds": cpu, "bytes at rest": memory}
    board, label, _floor = (statistics.median(seconds[name]) for name in names)
    board_cpu, label_cpu, floor_cpu = (statistics.median(cpu[name]) for name in names)
    yield Figure(
        "start to first page served, against one label",
        board / label,
        1.3,
        detail=f"{board:.2f} s against {label:.2f}",
        cause=f"{board_cpu:.2f} s of CPU against {label_cpu:.2f}; with SQLModel imported, and "
        f"nothing else, one label takes {floor_cpu:.2f}",
    )
    board_bytes, label_bytes, floor_bytes = (
        statistics.median(memory[name]) / 1e6 for name in names
    )
    yield Figure(
        "memory at rest, against one label",
        board_bytes / label_bytes,
        1.3,
        detail=f"{board_bytes:.0f} MB against {label_bytes:.0f}",
        cause=f"with SQLModel imported, and nothing else, one label takes "
        f"{floor_bytes / label_bytes:.2f} x",
    )
