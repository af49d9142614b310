"""What all measurements share: the data, the servers over it, and fleets of open pages."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.contestants import ROOT, Server, serving


@dataclass
class Bench:
    """A folder with the data, the cookies of its people, and all raw figures so far."""

    data: Path
    full: list[str]
    empty: list[str]
    raw: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def serving(self, *what: tuple[str, ...]) -> Iterator[list[Server]]:
        """Start contestants side by side."""
        if not what:
            yield []
            return
        with serving(what[0], self.data, self.full[0]) as first, self.serving(*what[1:]) as others:
            yield [first, *others]


@contextmanager
def made(full: int, empty: int) -> Iterator[Bench]:
    """A bench over a new database with so many people of a full and of an empty year."""
    with tempfile.TemporaryDirectory(prefix="moodtracker-bench-") as folder:
        data = Path(folder)
        subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.new_years_eve",
                "benchmarks.year",
                folder,
                str(full),
                str(empty),
            ],
            cwd=ROOT,
            check=True,
        )
        cookies = json.loads((data / "cookies.json").read_text())
        yield Bench(data, cookies["full"], cookies["empty"])


class Fleet:
    """A process that holds open pages."""

    def __init__(self) -> None:
        """Start it, without pages."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.fleet"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, **order: Any) -> None:
        """Give an order."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to the oldest order."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a fleet ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def do(self, **order: Any) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        self.begin(**order)
        return self.answer()

    def __enter__(self) -> "Fleet":
        """Be there."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all pages."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
