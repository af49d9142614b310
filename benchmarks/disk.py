"""Rows and bytes of five people's full year."""

import sqlite3
from collections.abc import Iterator

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.figures import Figure

PEOPLE = 1
_PEOPLE = 5


def measure(shared: Bench) -> Iterator[Figure]:
    """The file of a database with five people."""
    with bench.made(full=_PEOPLE, empty=0) as five:
        file = five.data / "moodtracker.db"
        connection = sqlite3.connect(file)
        rows = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        connection.close()
        size = sum(each.stat().st_size for each in five.data.glob("moodtracker.db*"))
    shared.raw["five people"] = {"rows": rows, "bytes": size}
    yield Figure(
        "five people's full year on disk",
        size / 1e6,
        1,
        "MB",
        detail=f"{rows:,} moods of {size / rows:.0f} bytes each, all included",
        cause=f"{size / rows:.0f} bytes for each mood",
    )
