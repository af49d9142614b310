"""Watching the clock: one that jumps by more than a day closes and erases nothing (Y9).

A machine that was off is no jump: time has passed. So what counts is how long the machine has been
running: a process that goes on running compares the clock with that; one that has just started
also believes a clock that is up to a month ahead of the last time seen, since the machine may have
been off. The last time seen stands in the database. What is in doubt stays so, also after a
restart, until the clock is set right, turns out to be right, or somebody confirms it.

A small machine without a clock of its own begins where it was shut down, or at the date of its
image, or in 1970, and is set by NTP some moments later. So a clock that is set soon after the boot
was off as well, and one that is not set yet is neither noted nor believed.

Whatever the clock did, it is right where the kernel calls it synchronised, and a doubt is over.
That word needs no limit of days: setting a clock by hand takes it back, it is asked for when it is
needed, and it is about the kernel's own clock alone. Only a start to a time that nobody vouches for
has a limit, of a month: a clock whose battery is empty shows any time, and nobody has set it.

The last time seen does not go back with a clock: until the clock shows it again, people's today
stays where it was (D4). A clock that is more than a day behind it is in doubt as well; where the
kernel vouches for that one, the time seen before was wrong.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from moodtracker import clock, installation
from moodtracker.accounts import administrators
from moodtracker.database import Database

log = logging.getLogger(__name__)

LARGEST_JUMP = timedelta(days=1)
LONGEST_OFF = timedelta(days=31)
SOON_AFTER_BOOT = timedelta(minutes=10)
# No clock that is right shows less: this version was not there yet.
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
_NOTE_EVERY = timedelta(seconds=30)
# A clock that was never noted is waited for until it is synchronised, but no longer than this: not
# every machine has somebody to ask.
_LONGEST_UNSET = timedelta(days=1)
_ASK_KERNEL_EVERY = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Doubt:
    """The clock went from ``seen_at`` to ``doubted_at``, in less time than that or back."""

    seen_at: datetime
    doubted_at: datetime


class ClockWatch:
    """Whether this process's clock may be believed."""

    def __init__(self, database: Database) -> None:
        """Remember in ``database`` what all processes have seen."""
        self._database = database
        self._believed_at: float | None = None  # uptime
        self._was_believed = True
        self._was_confirmed = False
        self._was_unset = False
        self._asked_kernel: tuple[float, bool | None] | None = None  # uptime, and what it said

    def is_believed(self) -> bool:
        """Look at the clock, and note what it shows."""
        now, uptime = clock.now(), clock.uptime()
        with self._database.read() as session:
            row = installation.read(session)
        if not self._was_confirmed and self._is_unset(row, now, uptime):
            if not self._was_unset:
                log.info(
                    "the clock is not set yet: no year is closed before it is, for a day at most"
                )
            self._was_unset = True
            return False
        is_believed = row is None or self._is_believable(row, now, uptime)
        if is_believed:
            self._believed_at = uptime
            seen_at = row.seen_at if row else None
            was_wrong = seen_at is not None and seen_at - now > LARGEST_JUMP
            is_later = seen_at is None or now - seen_at >= _NOTE_EVERY
            if is_later or was_wrong or (row is not None and row.doubted_at is not None):
                latest = now if was_wrong or seen_at is None else max(now, seen_at)
                self._note(seen_at=latest, doubted_at=None)
        elif row is not None and row.doubted_at is None:
            self._note(doubted_at=now)
        self._say(is_believed, row, now)
        return is_believed

    def doubt(self) -> Doubt | None:
        """What nobody has confirmed yet."""
        with self._database.read() as session:
            row = installation.read(session)
        if row is None or row.seen_at is None or row.doubted_at is None:
            return None
        return Doubt(row.seen_at, row.doubted_at)

    def confirm(self, by: int | None = None) -> None:
        """Believe the clock as it stands; ``by`` is the administrator who says so, or None.

        Raises :class:`~moodtracker.accounts.administrators.NotAnAdministrator`.
        """
        with self._database.write() as session:
            administrators.check_role(session, by)
            installation.lock(session)
            installation.note(session, seen_at=clock.now(), doubted_at=None)
        self._was_confirmed = True

    def _is_unset(self, row: Row[Any] | None, now: datetime, uptime: float) -> bool:
        """Whether the machine's clock still waits to be set: it shows nothing worth noting."""
        never_noted = row is None or row.seen_at is None
        if never_noted and now < RELEASED:
            return True
        waits_for = _LONGEST_UNSET if never_noted else SOON_AFTER_BOOT
        return uptime < waits_for.total_seconds() and self._is_synchronised(uptime) is False

    def _is_believable(self, row: Row[Any], now: datetime, uptime: float) -> bool:
        if row.seen_at is None or self._is_explained(row, now, uptime):
            return True
        # Asked anew: what it said before the clock was set is not about what it shows now.
        return now >= RELEASED and clock.is_synchronised() is True

    def _is_explained(self, row: Row[Any], now: datetime, uptime: float) -> bool:
        """Whether the time since the last one seen has passed, as far as can be seen from here."""
        gap: timedelta = now - row.seen_at
        if gap < -LARGEST_JUMP:
            return False
        if row.doubted_at is not None and row.seen_at < row.doubted_at <= now + LARGEST_JUMP:
            return False  # it is the very time that is in doubt
        if self._believed_at is None:
            return gap <= max(LONGEST_OFF, timedelta(seconds=uptime) + LARGEST_JUMP)
        unexplained = gap - timedelta(seconds=uptime - self._believed_at)
        # The machine, and not that of a database whose clock counts.
        is_own = abs(clock.correction()) <= LARGEST_JUMP
        was_just_booted = is_own and self._believed_at < SOON_AFTER_BOOT.total_seconds()
        return unexplained <= LARGEST_JUMP or was_just_booted

    def _is_synchronised(self, uptime: float) -> bool | None:
        """What the kernel said within the last half minute: each asking takes a process."""
        asked = self._asked_kernel
        if asked is None or uptime - asked[0] >= _ASK_KERNEL_EVERY:
            asked = self._asked_kernel = (uptime, clock.is_synchronised())
        return asked[1]

    def _note(self, **values: datetime | None) -> None:
        with self._database.write() as session:
            installation.lock(session)
            installation.note(session, **values)

    def _say(self, is_believed: bool, row: Row[Any] | None, now: datetime) -> None:
        if self._was_believed and not is_believed and row is not None:
            log.error(
                "the clock shows %s, and was last seen at %s: no year is closed and nothing is "
                "erased until it is set right, or confirmed by `moodtracker year-end "
                "confirm-clock`",
                f"{now:%Y-%m-%d %H:%M} UTC",
                f"{row.seen_at:%Y-%m-%d %H:%M} UTC",
            )
        elif is_believed and not self._was_believed:
            log.info("the clock is believed again")
        self._was_believed = is_believed
