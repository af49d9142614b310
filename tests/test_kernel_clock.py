"""What the kernel says of the clock, and of which clock it says it."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from moodtracker import clock, kernel_clock

NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def kernel(monkeypatch):
    """Lets the process that asks say something."""

    def says(words):
        done = subprocess.CompletedProcess([], 0, stdout=words)
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)

    return says


@pytest.mark.parametrize(
    ("word", "is_synchronised"), [("synchronised", True), ("not synchronised", False)]
)
def test_the_kernel_speaks_of_the_time_that_it_shows(kernel, word, is_synchronised):
    kernel(f"{word}: {NOW.timestamp():.0f}")
    assert kernel_clock.is_synchronised(NOW + timedelta(seconds=20)) is is_synchronised
    for other in (timedelta(days=400), -timedelta(days=400), timedelta(hours=1)):
        assert kernel_clock.is_synchronised(NOW + other) is None


@pytest.mark.parametrize("words", ["", "synchronised", "what?: 5"])
def test_a_kernel_that_cannot_be_asked_says_nothing(kernel, words):
    kernel(words)
    assert kernel_clock.is_synchronised(NOW) is None


def test_this_kernel_shows_what_this_machine_does():
    shown = clock.of_machine()
    if kernel_clock.is_synchronised(shown) is None:
        pytest.skip("this kernel cannot be asked")
    assert kernel_clock.is_synchronised(shown + timedelta(days=2)) is None
