"""The rows of one table that wait to be mailed, and whose turn it is.

Each change is one conditional statement, so that any number of workers may run and any of them may
die at any point: a row is taken on under a lease, in its worker's name, and only whoever still
holds it may say what came of it (Y3).
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.dml import ReturningUpdate

from moodtracker import clock
from moodtracker.mail import delays

# Longer than the slowest mail server takes over one mail, counting every answer's time-out.
LEASE = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=30)
_LONGEST_WAIT = delays.LONGEST * (1 + delays.JITTER)
_INTERRUPTED = "sending was interrupted"
_USER, _KEY, _NEW = "claimed_user", "claimed_key", "new_"  # what values are given by

Columns = ReadOnlyColumnCollection[str, Column[Any]]


@dataclass(frozen=True, slots=True)
class Claim:
    """One row that a worker has taken on: whose it is, which one, how it stood, and when."""

    user_id: int
    key: Any
    row: Row[Any]
    at: datetime

    @property
    def is_given_up(self) -> bool:
        """Whether it has now failed for 30 days of tries."""
        return delays.together(self.row.attempts) >= GIVE_UP_AFTER

    @property
    def waited(self) -> timedelta:
        """How long its tries have been going on at the least."""
        return delays.together(self.row.attempts - 1)

    def date_after(self, *, may_be_taken: bool) -> datetime | None:
        """The mail's date from now on: that of the first try at which it may have been taken."""
        is_new = self.row.message_date == self.at
        return None if is_new and not may_be_taken else self.row.message_date


def named(claim: Claim) -> dict[str, Any]:
    """The values that a statement with :attr:`Queue.holds` is given."""
    return {_USER: claim.user_id, _KEY: claim.key}


class Queue:
    """Takes rows on in a name of its own, which no other worker has, and settles them.

    ``holds`` is the condition that a row is still this worker's, see :func:`named`.
    """

    def __init__(self, columns: Columns, key: str) -> None:
        """``columns`` are those of a table whose primary key is ``user_id`` and ``key``."""
        # The table itself: for each statement on a class the ORM looks for objects to bring up to
        # date, of which there are none here.
        self._table = columns[key].table
        self._columns = columns
        self._key = columns[key]
        self._owner = secrets.token_hex(8)
        self.holds = self._is_held()
        # Statements are made once: that takes longer than they run.
        self._claiming = self._claim_longest_waiting()
        self._settling: dict[tuple[str, ...], ReturningUpdate[Any]] = {}

    def is_due(self) -> ColumnElement[bool]:
        """Whether there is anything for a worker to do now."""
        now = clock.now()
        return exists().where(or_(self._waits(now, now + _LONGEST_WAIT), self._is_lost(now)))

    def return_lost(self, session: Session) -> None:
        """Give back what a worker took on and never settled: how that ended is unknown."""
        session.execute(
            update(self._table)
            .where(self._is_lost(clock.now()))
            .values(
                state="pending",
                lease_owner=None,
                lease_until=None,
                last_error=_INTERRUPTED,
            )
        )

    def claim(self, session: Session) -> Claim | None:
        """Take on the row that has waited longest, so that no other worker can."""
        now = clock.now()
        given = {"now": now, "until": now + LEASE, "longest": now + _LONGEST_WAIT}
        found = session.execute(self._claiming, given)
        row = found.first()
        return Claim(row.user_id, row._mapping[self._key.name], row, now) if row else None

    def settle(
        self, session: Session, claim: Claim, *, may_be_taken: bool = False, **values: Any
    ) -> bool:
        """Write down what came of a claim; False where it is not this worker's any more.

        ``may_be_taken``: the server has it, perhaps, so that its date stays; that of a try at which
        nothing was handed over counts no more.
        """
        values["message_date"] = claim.date_after(may_be_taken=may_be_taken)
        names = tuple(values)
        if names not in self._settling:
            self._settling[names] = self._settling_of(names)
        given = {_NEW + name: value for name, value in values.items()}
        return session.execute(self._settling[names], named(claim) | given).first() is not None

    def put_back(
        self,
        session: Session,
        claim: Claim,
        reason: str,
        *,
        may_be_taken: bool = False,
        waits_for_server: bool = False,
        **marks: Any,
    ) -> None:
        """Let a row wait for its next try, longer each time; ``marks`` are written with it.

        ``may_be_taken``: the server has it, perhaps; ``waits_for_server``: it waits not by itself,
        but until the server is asked again.
        """
        wait = delays.after(1) if waits_for_server else delays.jittered(claim.row.attempts)
        self.settle(
            session,
            claim,
            state="pending",
            next_try_at=clock.now() + wait,
            last_error=reason,
            may_be_taken=may_be_taken,
            waits_for_server=waits_for_server,
            **marks,
        )

    def suspect(self, session: Session, spell: int) -> Sequence[int]:
        """Let all that was refused in a spell wait for the server; whose it is.

        Behind what was not tried yet: that tells more.
        """
        c, later = self._columns, clock.now() + delays.after(1)
        return session.scalars(
            update(self._table)
            .where(c.failed_in_spell == spell, c.state.in_(("pending", "held")))
            .values(state="pending", next_try_at=later, waits_for_server=True)
            .returning(c.user_id)
        ).all()

    def release(self, session: Session) -> Sequence[int]:
        """Try what waited for the server anew, as if it had never been tried; whose it is."""
        c = self._columns
        return self._try_now(session, c.waits_for_server, c.state.in_(("pending", "held")))

    def try_now(self, session: Session) -> Sequence[int]:
        """Try what is held, or waits between two tries, now and anew; whose it is."""
        c = self._columns
        failed = and_(c.state == "pending", c.attempts > 0)
        return self._try_now(session, or_(c.state == "held", failed))

    def _try_now(self, session: Session, *conditions: ColumnElement[bool]) -> Sequence[int]:
        return session.scalars(
            update(self._table)
            .where(*conditions)
            .values(state="pending", next_try_at=clock.now(), attempts=0, waits_for_server=False)
            .returning(self._columns.user_id)
        ).all()

    def _claim_longest_waiting(self) -> ReturningUpdate[Any]:
        now = bindparam("now", type_=self._columns.next_try_at.type)
        longest = bindparam("longest", type_=self._columns.next_try_at.type)
        c = self._columns
        longest_waiting = (
            select(c.user_id, self._key)
            .where(self._waits(now, longest))
            # Who was tried least first, so that all that wait for the server take turns; in one
            # order, also where tables are split.
            .order_by(c.next_try_at, c.attempts, c.user_id)
            .limit(1)
            .with_for_update(skip_locked=True)  # which SQLite, with its one writer, does without
            .cte("longest_waiting")
        )
        return (
            update(self._table)
            .where(
                c.user_id == longest_waiting.c.user_id,
                self._key == longest_waiting.c[self._key.name],
            )
            .values(
                state="sending",
                lease_owner=self._owner,
                lease_until=bindparam("until", type_=c.lease_until.type),
                attempts=c.attempts + 1,
                message_date=func.coalesce(c.message_date, now),
            )
            .returning(*c)
        )

    def _settling_of(self, names: Iterable[str]) -> ReturningUpdate[Any]:
        given = {name: bindparam(_NEW + name, type_=self._columns[name].type) for name in names}
        return (
            update(self._table)
            .where(self.holds)
            .values(lease_owner=None, lease_until=None, **given)
            .returning(self._columns.user_id)
        )

    def _is_held(self) -> ColumnElement[bool]:
        """Whether the row that :func:`named` names is still this worker's."""
        c = self._columns
        return and_(
            c.user_id == bindparam(_USER),
            self._key == bindparam(_KEY),
            c.state == "sending",
            c.lease_owner == self._owner,
        )

    def _waits(
        self, now: datetime | ColumnElement[datetime], longest: datetime | ColumnElement[datetime]
    ) -> ColumnElement[bool]:
        """Its time has come, or is further off than any wait: by a clock that is set right since.

        But a board may wait for its own New Year.
        """
        c = self._columns
        is_put_off = c.next_try_at > longest
        if "due_at" in c:
            is_put_off = and_(is_put_off, c.next_try_at > c.due_at)
        return and_(c.state == "pending", or_(c.next_try_at <= now, is_put_off))

    def _is_lost(self, now: datetime) -> ColumnElement[bool]:
        """The lease is over, or was given by a clock that has been set back since."""
        c = self._columns
        is_over = or_(c.lease_until < now, c.lease_until > now + 2 * LEASE)
        return and_(c.state == "sending", is_over)
