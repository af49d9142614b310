"""A stop takes no longer than whoever asked for it waits: containers are killed after 10 s."""

import logging
import os
import threading

log = logging.getLogger(__name__)

ANSWERING_SECONDS = 4  # what is being answered is answered
WORKING_SECONDS = 4  # then what the clock began is finished


def no_later_than(seconds: float) -> None:
    """End this process with 0 once ``seconds`` are over, whatever is still under way in it.

    A thread cannot be stopped while it waits for a server that hangs (a mail server, a name
    server). What is cut off here is what a crash would leave, and the rows tell how to go on
    from it: a mail that was being sent stays claimed until its lease ends, and is sent then.
    """
    timer = threading.Timer(seconds, _end)
    timer.daemon = True  # a stop that is quicker does not wait for it
    timer.start()


def _end() -> None:
    log.warning("stopped without waiting any longer for what was under way; it is taken up again")
    logging.shutdown()
    os._exit(0)
