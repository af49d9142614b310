"""The breaker: while the mail server has trouble of its own, boards wait, ever longer (Y4).

A refused mail proves nothing of the server. When several recipients in a row are refused alike, and
no mail was taken in between, it is the server's trouble or our sender's: such a run of refusals is
a spell, which the next mail that is taken ends. What was refused in a spell that is over, and is
refused alike again, is its own trouble. What is put off proves nothing before greylisting would be
over; a server that puts off everybody is asked again soon, by those who were tried least.

It stands in the database, so that all workers share it and a restart does not forget it: a server
that is down is asked by one of them now and then, and not by each every minute.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from moodtracker import clock, installation
from moodtracker.database import Database
from moodtracker.mail import delays
from moodtracker.mail.queue import Queue

# So many different recipients refused alike, and it is the server's trouble.
SEVERAL = 3
# While it answers and says "later", it is asked now and then: it may take mails in a moment.
_LONGEST_FOR_LATER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the mail server has said, how often in a row, and when it is asked again."""

    words: str
    failures: int
    quiet_until: datetime


class Standing:
    """How it stands at one moment, as far as it decides what may be tried."""

    def __init__(self, row: Row[Any] | None) -> None:
        """Read it from the installation's row."""
        self._row = row
        self.spell: int = row.mail_spell if row else 0

    def lets_pass(self, *, waits_for_it: bool) -> bool:
        """Whether a mail may be tried now; ``waits_for_it``: somebody does.

        Such a mail is tried although boards wait, but once a minute at the most where nothing is
        taken from anybody.
        """
        row, now = self._row, clock.now()
        if row is None or row.mail_quiet_until is None:
            return True
        # Further ahead than any delay: it was written by a clock that has been set back since.
        longest = delays.LONGEST * (1 + delays.JITTER)
        if not clock.NO_TIME < row.mail_quiet_until - now <= longest:
            return True
        if not waits_for_it:
            return False
        met_at = row.mail_unreachable_at
        return met_at is None or not clock.NO_TIME <= now - met_at < delays.after(1)

    @property
    def is_in_a_spell(self) -> bool:
        """Whether something was refused since the last mail was taken."""
        row = self._row
        return row is not None and bool(row.mail_quiet_until or row.mail_refused_alike)


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

    def standing(self, session: Session) -> Standing:
        """How it stands in this transaction."""
        return Standing(installation.read(session))

    def proves_trouble(self, session: Session, alike: str, recipient: str) -> bool:
        """Note a refusal; whether by now several recipients in a row were refused alike."""
        row = installation.lock(session)
        known = (row.mail_refused_to or "").split() if row.mail_refused_alike == alike else []
        digest = hashlib.sha256(recipient.encode()).hexdigest()[:12]
        if digest not in known and len(known) < SEVERAL:
            known.append(digest)
        if (row.mail_refused_alike, row.mail_refused_to) != (alike, " ".join(known)):
            installation.note(session, mail_refused_alike=alike, mail_refused_to=" ".join(known))
        return len(known) >= SEVERAL

    def trip(
        self, session: Session, words: str, *, is_unreachable: bool, is_passing: bool = False
    ) -> bool:
        """Note a trouble of the server's; several workers that meet it at once count as one.

        ``is_unreachable``: it takes nothing from anybody, so that it is of no use to try at once;
        ``is_passing``: it is there, and says that each mail may come later. Returns whether boards
        begin to wait with it, or have to once more.
        """
        row = installation.lock(session)
        now = clock.now()
        values: dict[str, Any] = {"mail_unreachable_at": now} if is_unreachable else {}
        begins = row.mail_quiet_until is None or now >= row.mail_quiet_until
        if begins:
            # A server that goes away only now is waited for from the beginning.
            is_new = is_unreachable and row.mail_unreachable_at is None
            failures = 1 if is_new else row.mail_failures + 1
            longest = _LONGEST_FOR_LATER if is_passing else delays.LONGEST
            values |= {
                "mail_failures": failures,
                "mail_quiet_until": now + delays.jittered(failures, longest),
                "mail_trouble": words,
            }
        if values:
            installation.note(session, **values)
        return begins

    def taken(self, session: Session, queues: Iterable[Queue]) -> set[int]:
        """Note that the server has taken a mail: what waited for that in ``queues`` is tried anew.

        Returns whose mails those are.
        """
        if not self.standing(session).is_in_a_spell:
            return set()
        row = installation.lock(session)
        installation.note(session, **_CALM, mail_spell=row.mail_spell + 1)
        return {user_id for queue in queues for user_id in queue.release(session)}

    def reset(self, session: Session) -> None:
        """Forget the trouble, because somebody says that it is over: the next mail may be tried."""
        installation.lock(session)
        installation.note(session, **_CALM)


_CALM: dict[str, Any] = {
    "mail_failures": 0,
    "mail_quiet_until": None,
    "mail_trouble": None,
    "mail_unreachable_at": None,
    "mail_refused_alike": None,
    "mail_refused_to": None,
}
