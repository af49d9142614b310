"""Run a program with a clock that can be moved: `python -m benchmarks.moved_clock FILE MODULE`.

FILE holds how many seconds the app's clock is ahead, and is read anew each time that it is asked.
"""

from moodtracker import starting  # noqa: F401 - as main.py does, before the clock brings much else

# isort: split
import runpy
import sys
from datetime import timedelta
from pathlib import Path

from moodtracker import clock

if __name__ == "__main__":
    ahead, now = Path(sys.argv[1]), clock.now
    clock.now = lambda: now() + timedelta(seconds=float(ahead.read_text()))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
