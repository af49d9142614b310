"""Answers to what was not done now, and may be in a while."""

import math

from starlette.responses import Response

from moodtracker.accounts.throttling import TooManyTries
from moodtracker.fair_queue import RETRY_SECONDS, Busy


def status_of(error: Exception) -> int:
    """The status of an answer to who was not let in (RFC 6585 for 429)."""
    return {TooManyTries: 429, Busy: 503}.get(type(error), 401)


def later(answer: Response, error: Exception) -> Response:
    """Add when to try again, where that is what ``error`` asks for (RFC 9110, 10.2.3).

    Other answers of 429 and 503 are given one in :mod:`pages.guard.headers`.
    """
    if isinstance(error, TooManyTries):
        answer.headers["Retry-After"] = str(math.ceil(error.wait.total_seconds()))
    elif isinstance(error, Busy):
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer
