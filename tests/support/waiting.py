"""Waiting for what comes of an act: as long as it takes, and no longer."""

import time
from collections.abc import Callable
from typing import TypeVar

WAIT_SECONDS = 90
_BETWEEN_LOOKS = 0.02

Found = TypeVar("Found")


def await_that(look: Callable[[], Found], told: Callable[[], object] = lambda: "") -> Found:
    """What ``look`` gives once that is anything; ``told`` says what there is where it never is."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, told()
        time.sleep(_BETWEEN_LOOKS)
    return found
