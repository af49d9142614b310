"""`python main.py` that logs the names of its tasks, each time that it is told to (SIGUSR1)."""

import asyncio
import logging
import signal
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]


def listen() -> None:
    loop = asyncio.get_running_loop()

    def tell() -> None:
        names = sorted(task.get_name() for task in asyncio.all_tasks(loop))
        logging.getLogger("moodtracker").warning("tasks: %s.", ", ".join(names))

    loop.add_signal_handler(signal.SIGUSR1, tell)


if __name__ == "__main__":
    from moodtracker import starting  # noqa: F401 - it has to be the first

    # isort: split
    from nicegui import app

    import main

    app.on_startup(listen)
    main.main()
