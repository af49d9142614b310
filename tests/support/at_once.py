"""Doing things at the same moment."""

import threading
from collections.abc import Callable


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do all acts at the same moment, in a thread each; what they return or raise, in order."""
    barrier = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(n: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[n] = act()
        except Exception as error:
            results[n] = error

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
