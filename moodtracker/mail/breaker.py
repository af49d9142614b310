"""The breaker: while the mail server has trouble of its own, nobody tries, ever less often (Y4).

It stands in the database, so that all workers share it and a restart does not forget it: a server
that is down is asked by one of them now and then, and not by each every minute.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from moodtracker import clock, installation
from moodtracker.database import Database
from moodtracker.mail import delays

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the mail server has said, how often in a row, and when it is asked again."""

    words: str
    failures: int
    quiet_until: datetime


class Breaker:
    """Whether mails may be tried."""

    def __init__(self, database: Database) -> None:
        """Keep it in ``database``."""
        self._database = database

    def trouble(self) -> Trouble | None:
        """The trouble that is not over yet, as far as anybody knows."""
        with self._database.read() as session:
            row = installation.read(session)
        if row is None or row.mail_quiet_until is None:
            return None
        return Trouble(row.mail_trouble or "", row.mail_failures, row.mail_quiet_until)

    def is_open(self) -> bool:
        """Whether everybody has to wait now."""
        trouble = self.trouble()
        if trouble is None:
            return False
        ahead = trouble.quiet_until - clock.now()
        # Further ahead than any delay: it was written by a clock that has been set back since.
        return clock.NO_TIME < ahead <= delays.LONGEST * (1 + delays.JITTER)

    def trip(self, session: Session, words: str) -> None:
        """Note a trouble of the server's; several workers that meet it at once count as one."""
        row = installation.lock(session)
        now = clock.now()
        if row.mail_quiet_until is not None and now < row.mail_quiet_until:
            return
        failures = row.mail_failures + 1
        installation.note(
            session,
            mail_failures=failures,
            mail_quiet_until=now + delays.jittered(failures),
            mail_trouble=words,
        )

    def reset(self, session: Session) -> None:
        """Note that the server takes mails."""
        installation.lock(session)
        installation.note(session, mail_failures=0, mail_quiet_until=None, mail_trouble=None)
