"""Coroutines under test, in a loop of their own: Playwright runs one in the tests' thread."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from anyio.from_thread import start_blocking_portal

Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What it returns; a test that is interrupted since it stands still interrupts it as well."""
    with start_blocking_portal() as portal:
        return portal.call(lambda: coroutine)
