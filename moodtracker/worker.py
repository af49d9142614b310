"""A process without pages: the clock and the mails, for ROLE=worker."""

import logging
import signal
from threading import Event

from moodtracker import garbage, stopping
from moodtracker.app import App

log = logging.getLogger(__name__)

_CATCH_UP_SECONDS = 2.0
STOP_SECONDS = 8.0


def work(app: App) -> None:
    """Tick until told to stop (SIGTERM or SIGINT); a tick that is under way is finished first.

    But no stop takes longer than 8 seconds.
    """
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    garbage.settle()
    app.listen()
    ticks = app.ticks()
    ticks.start()
    log.info("working: closing years and sending mails")
    while not told.wait(_CATCH_UP_SECONDS):
        ticks.catch_up()
    stopping.no_later_than(STOP_SECONDS)
    ticks.stop()
    app.close()
