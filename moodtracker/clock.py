"""The time, and the few ticks that make the app act by itself.

Everything that needs the time asks ``clock.now()``, so that a test can move it. Where a database
has a clock of its own, that is the one which counts (:mod:`~moodtracker.database_clock`): ``now``
follows it, and what was read along with a row goes through :func:`agreed`. A clock that was moved,
or stands, goes before both.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from moodtracker import kernel_clock
from moodtracker.database_trouble import told

log = logging.getLogger(__name__)

NO_TIME = timedelta(0)


_standing: datetime | None = None
_correction = NO_TIME


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _standing or of_machine() + _correction


def agreed(shown: datetime | None) -> datetime:
    """The present moment, which a database's clock has just ``shown``; None: it has no clock."""
    return now() if shown is None or _standing else shown.astimezone(UTC)


def of_machine() -> datetime:
    """What this machine's own clock shows, aware, in UTC; what waits on it goes by it."""
    return datetime.now(UTC)


def correction() -> timedelta:
    """How far :func:`now` is ahead of this machine's clock."""
    return _correction


def correct(ahead: timedelta) -> None:
    """Let :func:`now` be so far ahead of this machine's clock, which is wrong by that."""
    global _correction  # noqa: PLW0603 - the clock is the one thing that a process has but one of
    _correction = ahead


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let it be ``moment`` (aware) in the block, for the whole process: to try what will be."""
    global _standing  # noqa: PLW0603 - the clock is the one thing that a process has but one of
    _standing = moment
    try:
        yield
    finally:
        _standing = None


def uptime() -> float:
    """How long the machine has been running, in seconds, asleep or awake; no clock moves it."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)  # Linux; elsewhere sleep is not counted
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


def is_synchronised() -> bool | None:
    """Whether the kernel calls what :func:`now` shows synchronised; None where nobody can tell.

    It takes a moment: a process of its own asks.
    """
    return kernel_clock.is_synchronised(now())


class Ticks:
    """Calls each job again and again, in a thread of its own, until stopped.

    A tick only says *when*; what is due is written in the database, so that a tick missed,
    doubled or late does no harm.
    """

    def __init__(self) -> None:
        """Make a clock without jobs; nothing runs before :meth:`start`."""
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._before_stop: list[Callable[[], object]] = []

    def every(self, period: timedelta, job: Callable[[], object]) -> None:
        """Call ``job`` at once after the start and then each ``period``, never twice at a time."""
        self._scheduler.add_job(
            _said_in_one_line(job),
            _Every(period),
            next_run_time=of_machine(),
            name=job.__name__,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def before_stop(self, ask: Callable[[], object]) -> None:
        """Call ``ask`` when stopping, so that a long job comes to an end soon."""
        self._before_stop.append(ask)

    def stop(self) -> None:
        """Stop ticking, and wait for a job that is under way."""
        for ask in self._before_stop:
            ask()
        self._scheduler.shutdown(wait=True)

    def catch_up(self) -> None:
        """Run now what a jump of the clock would delay; to be called every few seconds.

        APScheduler keeps the wall-clock time of the next run and sleeps until then: after a clock
        is set back by an hour it would be silent for that hour, and after a machine wakes up, or
        its clock is set forward, for the rest of its sleep.
        """
        present = of_machine()
        for job in self._scheduler.get_jobs():
            if job.next_run_time - present > job.trigger.interval + timedelta(seconds=1):
                job.modify(next_run_time=present)
            elif job.next_run_time < present:
                self._scheduler.wakeup()


class _Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Again after each ``interval``; of runs that were missed, one is made up for.

    APScheduler's own trigger tells each missed run before they are taken for one: a clock that
    goes from 1970 to today, as a small computer's does once it hears the time, would have it list
    hundreds of millions of them, in minutes and gigabytes.
    """

    def __init__(self, interval: timedelta) -> None:
        self.interval = interval

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The next run after one that was due at ``previous_fire_time``, never before ``now``."""
        due = (previous_fire_time or now) + self.interval
        return due if due > now else now + self.interval


def _said_in_one_line(job: Callable[[], object]) -> Callable[[], None]:
    """Run ``job``; where it fails, say so in one line and let the next tick try again."""

    def run() -> None:
        try:
            job()
        except Exception as error:
            # The text of an error may quote what a person typed or felt; its kind never does.
            log.error("%s failed (%s); trying again at the next tick", job.__name__, told(error))  # noqa: TRY400

    return run
