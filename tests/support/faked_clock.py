"""A process whose wall clock is a file's: how far it is off, to be changed at any moment.

The file may also say for how long the machine had been up when the process started, in seconds, and
whether its kernel calls the clock synchronised: `+0.0 8 no`. Else it was up for long, and nobody
knows.

libfaketime does this for whatever reads a clock, but under it threads that wait for each other
sometimes stand still for half a minute after a jump, and two that read at once may see another
time. So all that reads the wall clock in the server is moved by hand: Python's, which NiceGUI and
Engine.IO read, APScheduler's, and the app's one.
"""

import os
import time
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from apscheduler.executors import base as executors
from apscheduler.schedulers import base as schedulers

from moodtracker import clock

_UP_FOR_LONG = 30 * 86_400.0


class _Offset:
    """What the file says; read again whenever there is a new one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: tuple[os.stat_result | None, list[str]] = (None, [])

    def words(self) -> list[str]:
        found = os.stat(self._file)
        before, words = self._read
        if before is None or (found.st_ino, found.st_mtime_ns) != (
            before.st_ino,
            before.st_mtime_ns,
        ):
            words = self._file.read_text().split()
            self._read = (found, words)
        return words

    def __call__(self) -> float:
        """How far off the clock is, in seconds."""
        return float(self.words()[0])


def follow(file: Path) -> None:
    """Let it be what the file says, for the whole process."""
    offset, really, started = _Offset(file), time.time, time.monotonic()

    def uptime() -> float:
        up = offset.words()[1:2]
        return time.monotonic() - started + (float(up[0]) if up else _UP_FOR_LONG)

    def is_synchronised() -> bool | None:
        said = offset.words()[2:3]
        return said[0] == "yes" if said else None

    class Faked(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.fromtimestamp(time.time(), tz)

    time.time = lambda: really() + offset()
    clock.datetime = Faked
    clock.uptime, clock.is_synchronised = uptime, is_synchronised
    for module in (executors, schedulers):
        module.datetime = Faked
    assert abs(clock.now().timestamp() - datetime.now(UTC).timestamp() - offset()) < 1
