"""Runs the tests again and again: `python -m support.steady TIMES COMMAND...`, for `make steady`.

Every second run has two busy loops beside it, as a machine has that does something else as well.
It ends with the first run that fails, and says which one that was.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LOOPS = 2
# It ends with whoever began it, however that ends.
_BUSY = "import os, sys\nwhile os.getppid() == int(sys.argv[1]):\n    sum(range(100_000))"


def main(times: int, command: list[str]) -> int:
    """Run ``command`` so often; returns what it ended with where it failed, else 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for number in range(1, times + 1):
        loops = 0 if number % 2 else _LOOPS
        begun = time.monotonic()
        with _busy(loops):
            ended = subprocess.run(command, check=False).returncode
        took = f"{(time.monotonic() - begun) / 60:.1f} minutes, {loops} busy loops beside it"
        print(f"steady: run {number} of {times}: {'FAILED' if ended else 'good'} ({took})")
        if ended:
            return ended
    return 0


@contextmanager
def _busy(loops: int) -> Iterator[None]:
    busy = [sys.executable, "-c", _BUSY, str(os.getpid())]
    running = [subprocess.Popen(busy) for _ in range(loops)]
    try:
        yield
    finally:
        for each in running:
            each.kill()
            each.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
