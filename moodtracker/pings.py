"""A dead man's switch: who watches from elsewhere hears every few minutes that all is well.

As Healthchecks takes it: a GET of the address while all is well, of its `/fail` while something is
wrong, and silence where nobody is left to ask. The address is all that is sent.
"""

import logging
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

log = logging.getLogger(__name__)

_SECONDS = 10


class Pings:
    """Asks for the address that the settings name."""

    def __init__(self, url: str, is_well: Callable[[], bool]) -> None:
        """``is_well`` says whether all is."""
        self._url = url
        self._is_well = is_well
        self._has_failed = False

    def ping(self) -> None:
        """Say how it is; where nobody hears it, that is one line in the log until somebody does."""
        import httpx  # noqa: PLC0415 - it takes a tenth of a second, and few have the setting

        url = self._url if self._is_well() else failing(self._url)
        try:
            httpx.get(url, timeout=_SECONDS).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if not self._has_failed:
                # Not the address, which is a secret of its own.
                log.warning("HEALTHCHECK_URL could not be reached (%s)", type(error).__name__)
            self._has_failed = True
        else:
            self._has_failed = False


def failing(url: str) -> str:
    """The address that says that something is wrong."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))
