"""A stop behind a balancer: it hears of it before anybody is cut off."""

import logging
import threading
from types import FrameType

import uvicorn
from fastapi import FastAPI

log = logging.getLogger(__name__)


class DrainingServer(uvicorn.Server):
    """Answers as ever for some seconds after it was told to stop, but for /readyz: that is 503.

    A balancer meanwhile takes it out, so that whoever is cut off in the end lands elsewhere. Told
    a second time, it stops at once.
    """

    def __init__(self, config: uvicorn.Config, web: FastAPI, seconds: float) -> None:
        """Serve ``web``; ``seconds`` 0 stops at once, as where there is no balancer."""
        super().__init__(config)
        self._web = web
        self._seconds = seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; called with the signal."""
        if not self._seconds or is_draining(self._web):
            super().handle_exit(sig, frame)
            return
        self._web.state.draining = True
        log.info("stopping in %g seconds, once the balancer knows", self._seconds)
        timer = threading.Timer(self._seconds, super().handle_exit, (sig, frame))
        timer.daemon = True
        timer.start()


def is_draining(web: FastAPI) -> bool:
    """Whether it was told to stop, and nobody new should come."""
    return getattr(web.state, "draining", False)
