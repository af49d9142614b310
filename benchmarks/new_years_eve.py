"""Run a module as on 31 December, when the year is full.

Used as `python -m benchmarks.new_years_eve MODULE`.

The app reads the time in one place alone; there, and only there, the rest of the year is added.
(libfaketime would serve too, but it makes threads that wait for each other spin.)
"""

from moodtracker import starting  # noqa: F401 - as main.py does, before the clock brings much else

# isort: split
import runpy
import sys
from datetime import UTC, datetime

from moodtracker import clock

TODAY = datetime(datetime.now(UTC).year, 12, 31, tzinfo=UTC).date()


def set_clock() -> None:
    """From now on, let the app believe that it is noon of 31 December."""
    began = clock.now()
    ahead = datetime(TODAY.year, 12, 31, 12, tzinfo=UTC) - began
    now = clock.now
    clock.now = lambda: now() + ahead
    clock.agreed = lambda shown: clock.now()


if __name__ == "__main__":
    set_clock()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
