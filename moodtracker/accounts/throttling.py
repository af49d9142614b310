"""Slowing guesses: who has failed often of late has to wait before the next try.

A stranger cannot make somebody else wait: what makes a try wait is the failures of the address
it comes from (of the /64 for IPv6) and of that address with this account. A browser in which the
person was signed in before has a count of its own, so that not even a neighbour behind the same
address can keep them out (OWASP, "device cookies"). Failures at one account from everywhere
together only slow its answers down, by seconds, and never refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import and_, case, delete, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, upserting
from moodtracker.database import Database
from moodtracker.models import ThrottleRow, throttles
from moodtracker.secret import Secret

FORGET_AFTER = timedelta(hours=1)
LONGEST_WAIT = timedelta(minutes=15)
# So far the clocks of instances may differ; what lies further ahead was written by a wrong one.
_SLACK = timedelta(minutes=15)


class TooManyTries(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """It was tried too often; ``wait`` is how long until the next try counts."""

    def __init__(self, wait: timedelta) -> None:
        """Keep the time to wait."""
        super().__init__("too many tries")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Count:
    """One count of failures: what is counted, and how many are free before waiting begins."""

    what: str
    free: int


class Throttle:
    """Counts failures in the database, so that all processes share them."""

    def __init__(self, database: Database, secret: Secret) -> None:
        """Keep counts under keyed hashes: the rows tell of no address and no account."""
        self._database = database
        self._secret = secret

    def begin(self, counts: Sequence[Count]) -> None:
        """Note a try as failed before it is made, so that many at once count as many.

        Raises :class:`TooManyTries`, and then counts nothing, where any count has to wait.
        """
        with self._database.write() as session:
            self._hold(session, counts)
            waits = [self._wait(session, count) for count in counts]
            longest = max(waits, default=timedelta(0))
            if longest > timedelta(0):
                raise TooManyTries(longest)
            for count in counts:
                self._add_failure(session, count)

    def may_be_looked_at(self, count: Count) -> bool:
        """Note a try as failed; whether it counts, or would have to wait, which nobody is told."""
        with self._database.write() as session:
            self._hold(session, [count])
            has_to_wait = self._wait(session, count) > timedelta(0)
            if not has_to_wait:
                self._add_failure(session, count)
        return not has_to_wait

    def count(self, what: str) -> int:
        """Note a failure of ``what``, however many there were; returns how many that was of late.

        Of many at the same moment each sees those before it.
        """
        with self._database.write() as session:
            self._hold(session, [Count(what, 0)])
            failures = self._state(session, what)[0]
            self._add_failure(session, Count(what, 0))
        return failures

    def forgive(self, what: str) -> None:
        """Take back one failure of ``what``, which was none."""
        with self._database.write() as session:
            session.execute(
                update(ThrottleRow)
                .where(throttles.key == self._key(what), throttles.failures > 0)
                .values(failures=throttles.failures - 1)
            )

    def failures(self, what: str) -> int:
        """How often ``what`` failed of late."""
        with self._database.read() as session:
            return self._state(session, what)[0]

    def succeeded(self, counts: Sequence[Count]) -> None:
        """Forget the failures of these counts."""
        keys = [self._key(count.what) for count in counts]
        with self._database.write() as session:
            session.execute(delete(ThrottleRow).where(throttles.key.in_(keys)))

    def _wait(self, session: Session, count: Count) -> timedelta:
        """A second after the free failures, doubled by each further one, up to 15 minutes."""
        failures, since = self._state(session, count.what)
        if failures < count.free:
            return timedelta(0)
        wait = min(timedelta(seconds=1 << min(failures - count.free, 20)), LONGEST_WAIT)
        return max(wait - since, timedelta(0))

    def _state(self, session: Session, what: str) -> tuple[int, timedelta]:
        """The failures of late, and how long ago the last one was."""
        row = session.execute(
            select(throttles.failures, throttles.failed_at).where(throttles.key == self._key(what))
        ).first()
        if row is None:
            return 0, FORGET_AFTER
        since: timedelta = clock.now() - row.failed_at
        if -_SLACK < since < FORGET_AFTER:
            return row.failures, max(since, timedelta(0))
        return 0, FORGET_AFTER

    def _hold(self, session: Session, counts: Sequence[Count]) -> None:
        """Lock each count, or make it, so that tries at the same moment take turns."""
        for key in sorted(self._key(count.what) for count in counts):  # in one order: no deadlock
            row = upserting.insert(session, ThrottleRow)
            row = row.values(key=key, failures=0, failed_at=clock.now())
            session.execute(
                row.on_conflict_do_update(index_elements=["key"], set_={"key": row.excluded.key})
            )

    def _add_failure(self, session: Session, count: Count) -> None:
        now = clock.now()
        counts = and_(throttles.failed_at > now - FORGET_AFTER, throttles.failed_at < now + _SLACK)
        session.execute(
            update(ThrottleRow)
            .where(throttles.key == self._key(count.what))
            .values(failures=case((counts, throttles.failures + 1), else_=1), failed_at=now)
        )

    def _key(self, what: str) -> str:
        return self._secret.digest("throttle", what)


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that an IPv6 address lies in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))


def forget_old(database: Database) -> None:
    """Delete the counts that no longer count."""
    with database.write() as session:
        session.execute(delete(ThrottleRow).where(throttles.failed_at < clock.now() - FORGET_AFTER))
