"""A process without pages: the clock and the mails, for ROLE=worker."""

import logging
import signal
from threading import Event

from moodtracker.app import App

log = logging.getLogger(__name__)

_CATCH_UP_SECONDS = 2.0


def work(app: App) -> None:
    """Tick until told to stop (SIGTERM or SIGINT); a tick that is under way is finished first."""
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    app.listen()
    ticks = app.ticks()
    ticks.start()
    log.info("working: closing years and sending mails")
    while not stopping.wait(_CATCH_UP_SECONDS):
        ticks.catch_up()
    ticks.stop()
    app.close()
