"""`python main.py` that logs how many pages it held at once, each time it is told to (SIGUSR1)."""

import logging
import signal
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]


if __name__ == "__main__":
    from moodtracker import starting  # noqa: F401 - it has to be the first

    # isort: split
    from nicegui import Client

    import main

    held = []
    make = Client.__init__

    def counting(client: Client, *args: object, **more: object) -> None:
        make(client, *args, **more)
        held.append(len(Client.instances))

    def tell(*_: object) -> None:
        logging.getLogger("moodtracker").warning("pages at once: %d.", max(held))

    Client.__init__ = counting
    signal.signal(signal.SIGUSR1, tell)
    main.main()
