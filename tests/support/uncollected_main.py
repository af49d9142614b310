"""`python main.py` that never searches for garbage: what refers to itself in a circle stays.

It logs how many pages and connections there are in its memory, each time that it is told to
(SIGUSR1).
"""

import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]


def listen() -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)


def tell() -> None:
    kinds = {Client, HttpConnection, SocketConnection}
    count = sum(type(one) in kinds for one in gc.get_objects())
    logging.getLogger("moodtracker").warning("in memory: %d.", count)


if __name__ == "__main__":
    gc.disable()
    from moodtracker import starting  # noqa: F401 - it has to be the first

    # isort: split
    from nicegui import Client, app

    import main
    import pages
    from moodtracker import garbage
    from pages.guard.connections import HttpConnection, SocketConnection

    garbage.settle = gc.freeze
    pages._RECONNECT_SECONDS = 0.1  # for which a page that lost its socket is kept
    app.on_startup(listen)
    main.main()
