"""A process whose wall clock is a file's: how far it is off, to be changed at any moment.

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


class _Offset:
    """What the file says, in seconds; read again whenever there is a new one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: tuple[os.stat_result | None, float] = (None, 0.0)

    def __call__(self) -> float:
        found = os.stat(self._file)
        before, offset = self._read
        if before is None or (found.st_ino, found.st_mtime_ns) != (
            before.st_ino,
            before.st_mtime_ns,
        ):
            offset = float(self._file.read_text())
            self._read = (found, offset)
        return offset


def follow(file: Path) -> None:
    """Let it be what the file says, for the whole process."""
    offset, really = _Offset(file), time.time

    class Faked(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.fromtimestamp(time.time(), tz)

    time.time = lambda: really() + offset()
    clock.datetime = Faked
    for module in (executors, schedulers):
        module.datetime = Faked
    assert abs(clock.now().timestamp() - datetime.now(UTC).timestamp() - offset()) < 1
