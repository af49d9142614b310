"""Run every measurement, print the table, and write the raw figures: `make bench`."""

import json
import math
import platform
import sys
import time

from benchmarks import bench, browser, disk, memory, server_time, start, taps, wire
from benchmarks.contestants import ROOT
from benchmarks.figures import Figure, table

_MEASURES = {
    "server-time": server_time,
    "browser": browser,
    "wire": wire,
    "memory": memory,
    "taps": taps,
    "start": start,
    "disk": disk,
}
_RAW = ROOT / "benchmarks" / "results.json"


def main() -> None:
    """Run those that are named, or all."""
    chosen = sys.argv[1:] or list(_MEASURES)
    figures: list[Figure] = []
    begun = time.monotonic()
    people = max(_MEASURES[name].PEOPLE for name in chosen)
    with bench.made(full=people, empty=server_time.PEOPLE) as shared:
        for name in chosen:
            print(f"{name} ...", file=sys.stderr, flush=True)
            try:
                for figure in _MEASURES[name].measure(shared):
                    figures.append(figure)
                    print(*figure.cells(), sep="; ", file=sys.stderr, flush=True)
            except Exception as error:
                what = f"could not be measured: {type(error).__name__} {error}"
                figures.append(Figure(name, math.nan, 0, cause=what))
        raw = {"figures": [vars(figure) for figure in figures], "raw": shared.raw}
    _RAW.write_text(json.dumps(raw, indent=1))
    print(table(figures))
    where = f"{platform.machine()}, Python {platform.python_version()}"
    print(f"\n{where}, {time.monotonic() - begun:.0f} seconds")


if __name__ == "__main__":
    main()
