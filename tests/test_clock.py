import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from moodtracker import clock
from moodtracker.clock import Ticks
from support.waiting import WAIT_SECONDS

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
PATIENCE = WAIT_SECONDS  # seconds until a test gives up; nothing is asserted about time


@contextmanager
def ticking(ticks):
    ticks.start()
    try:
        yield
    finally:
        ticks.stop()


class Job:
    """Counts its runs, and lets a test wait for them."""

    __name__ = "job"

    def __init__(self, act=lambda: None):
        self.act = act
        self.runs = 0
        self._run = threading.Semaphore(0)

    def __call__(self):
        self.runs += 1
        try:
            self.act()
        finally:
            self._run.release()

    def wait(self):
        assert self._run.acquire(timeout=PATIENCE)


def test_now_is_aware_and_in_utc():
    assert clock.now().tzinfo is UTC


def test_a_job_runs_at_once_after_the_start():
    ticks, job = Ticks(), Job()
    ticks.every(HOUR, job)
    assert job.runs == 0
    with ticking(ticks):
        job.wait()
    assert job.runs == 1


def test_a_job_runs_again_and_again():
    ticks, job = Ticks(), Job()
    ticks.every(SECOND, job)
    with ticking(ticks):
        for _ in range(3):
            job.wait()
    assert job.runs >= 3


def test_jobs_do_not_wait_for_each_other():
    ticks, other = Ticks(), Job()
    slow = Job(other.wait)
    ticks.every(HOUR, slow)
    ticks.every(HOUR, other)
    with ticking(ticks):
        slow.wait()


@pytest.mark.filterwarnings("ignore")
def test_a_job_never_runs_twice_at_a_time():
    inside, together, go_on = [], [], threading.Event()

    def slow():
        inside.append(1)
        together.append(len(inside))
        go_on.wait(PATIENCE)
        inside.pop()

    ticks, job, other = Ticks(), Job(slow), Job()
    ticks.every(SECOND, job)
    ticks.every(SECOND, other)
    with ticking(ticks):
        for _ in range(4):  # while the other job ran four times, the slow one was due three times
            other.wait()
        go_on.set()
        job.wait()
        job.wait()
    assert set(together) == {1}


def test_a_job_that_fails_is_tried_again_and_the_log_tells_only_the_kind(caplog):
    def fail():
        raise ValueError("dear diary")

    ticks, job = Ticks(), Job(fail)
    ticks.every(SECOND, job)
    with ticking(ticks):
        job.wait()
        job.wait()
    own = [record for record in caplog.records if record.name == "moodtracker.clock"]
    assert own[0].getMessage() == "job failed (ValueError); trying again at the next tick"
    assert own[0].exc_info is None
    assert "dear diary" not in caplog.text


def test_stopping_waits_for_a_job_under_way():
    begun, finished = threading.Event(), threading.Event()

    def slow():
        begun.set()
        stopping.wait(PATIENCE)
        finished.set()

    stopping = threading.Event()
    ticks = Ticks()
    ticks.every(HOUR, slow)
    ticks.start()
    assert begun.wait(PATIENCE)
    threading.Timer(0.1, stopping.set).start()
    ticks.stop()
    assert finished.is_set()


def test_after_stopping_nothing_runs():
    ticks, job = Ticks(), Job()
    ticks.every(SECOND, job)
    with ticking(ticks):
        job.wait()
    runs = job.runs
    threading.Event().wait(1.2)
    assert job.runs == runs


def test_a_job_that_a_clock_set_back_pushed_away_is_brought_forward(monkeypatch):
    ticks, pushed, other = Ticks(), Job(), Job()
    with monkeypatch.context() as before:
        before.setattr(clock, "of_machine", lambda: datetime.now(UTC) + 10 * HOUR)
        ticks.every(HOUR, pushed)
    ticks.every(HOUR, other)
    with ticking(ticks):
        other.wait()
        assert pushed.runs == 0
        ticks.catch_up()
        pushed.wait()
    assert (pushed.runs, other.runs) == (1, 1)


def test_catching_up_leaves_alone_what_is_due_in_time():
    ticks, job = Ticks(), Job()
    ticks.every(HOUR, job)
    with ticking(ticks):
        job.wait()
        ticks.catch_up()
        threading.Event().wait(0.2)
    assert job.runs == 1


def test_a_job_overslept_because_the_clock_jumped_forward_is_run(monkeypatch):
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + 2 * HOUR

    ticks, job = Ticks(), Job()
    ticks.every(HOUR, job)
    with ticking(ticks):
        job.wait()
        monkeypatch.setattr("apscheduler.schedulers.base.datetime", Later)
        monkeypatch.setattr(clock, "of_machine", lambda: Later.now(UTC))
        ticks.catch_up()
        job.wait()
    assert job.runs == 2


def test_a_clock_that_jumps_by_decades_makes_up_for_one_run_and_lists_no_others(monkeypatch):
    ticks, job, other = Ticks(), Job(), Job()
    with monkeypatch.context() as before:
        before.setattr(clock, "of_machine", lambda: datetime(1970, 1, 1, tzinfo=UTC))
        ticks.every(SECOND, job)  # due 1.8 thousand million times until now
    ticks.every(SECOND, other)
    with ticking(ticks):
        for _ in range(2):
            other.wait()
            job.wait()
    assert job.runs <= other.runs + 1  # which was never due more than once
