"""The outbox: which finished boards are due, whose turn it is to send them, and what came of it.

The rows are the truth. Each change of state is one conditional statement, so that any number of
workers may run and any of them may die at any point (Y3). A row is marked as sent after the mail
server's 250: a crash between the two sends the mail once more under the same Message-ID, and that
is the only way to a second mail (Y6).
"""

import logging
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from moodtracker import clock, sealed
from moodtracker.database import Database
from moodtracker.mail import year_end
from moodtracker.mail.letter import Envelope
from moodtracker.mail.smtp import (
    Connection,
    RecipientRefused,
    ServerTrouble,
    Smtp,
    ascii_address,
)
from moodtracker.models import SealedYearRow, UserRow, sealed_years, users

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=30)
_FIRST_DELAY = timedelta(minutes=1)
_LONGEST_DELAY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class _Claim:
    """One year that this worker has taken on."""

    user_id: int
    year: int
    attempts: int
    first_tried: datetime


class Outbox:
    """Delivers what is due through one mail server."""

    def __init__(self, database: Database, smtp: Smtp, envelope: Envelope) -> None:
        """Claim rows in this object's own name, which no other worker has."""
        self._database = database
        self._smtp = smtp
        self._envelope = envelope
        self._owner = secrets.token_hex(8)
        self._failures = 0
        self._quiet_until: datetime | None = None

    def deliver_due(self) -> None:
        """Send every board that is due, over one connection, until none is left.

        A trouble of the server's ends the round, and the next ones for growing delays (Y4).
        """
        now = clock.now()
        if self._quiet_until and now < self._quiet_until:
            return
        self._return_lost_leases()
        with ExitStack() as open_connection:
            connection: Connection | None = None
            while (claim := self._claim_next()) is not None:
                try:
                    connection = connection or open_connection.enter_context(self._smtp.connect())
                    self._deliver(claim, connection)
                except ServerTrouble as trouble:
                    self._put_back(claim, str(trouble))
                    self._failures += 1
                    self._quiet_until = clock.now() + _delay(self._failures)
                    log.warning("the mail server has trouble, mails wait: %s", trouble)
                    return
                self._failures = 0
                self._quiet_until = None

    def _deliver(self, claim: _Claim, connection: Connection) -> None:
        try:
            address, message = self._compose(claim)
            connection.send(self._envelope.sender_address, address, message)
        except RecipientRefused as refusal:
            if refusal.for_good:
                self._settle(claim, state="held", last_error=str(refusal))
                log.warning("a board is held: its person's mail address is refused for good")
            else:
                self._put_back(claim, str(refusal))
        except ServerTrouble:
            raise
        except Exception as error:
            # A board that cannot be drawn must not stop those behind it.
            self._put_back(claim, f"the mail could not be made ({type(error).__name__})")
            log.error("a board could not be made into a mail (%s)", type(error).__name__)  # noqa: TRY400
        else:
            self._settle(claim, state="sent", sent_at=clock.now(), last_error=None)
            log.info("a board was mailed")

    def _compose(self, claim: _Claim) -> tuple[str, bytes]:
        """The address, and the mail as drawn from the sealed record alone (Y2, Y8)."""
        with self._database.read() as session:
            row = session.execute(
                select(*sealed_years, users.email, users.first_name)
                .join(UserRow, users.id == sealed_years.user_id)
                .where(*_is(claim))
            ).one()
        address = ascii_address(row.email)
        return address, year_end.compose(
            sealed.unpack(row.year, row.zone, row.moods),
            name=row.first_name,
            address=address,
            sender=self._envelope.sender,
            message_id=row.message_id,
            date=row.message_date,
            base_url=self._envelope.base_url,
            keep_days=self._envelope.keep_days,
        )

    def _return_lost_leases(self) -> None:
        """Give back what a worker took on and never settled: how that ended is unknown."""
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(sealed_years.state == "sending", sealed_years.lease_until < clock.now())
                .values(
                    state="pending",
                    lease_owner=None,
                    lease_until=None,
                    last_error="sending was interrupted",
                )
            )

    def _claim_next(self) -> _Claim | None:
        """Take on the board that has waited longest, so that no other worker can."""
        while True:
            now = clock.now()
            waiting = (sealed_years.state == "pending", sealed_years.next_try_at <= now)
            with self._database.read() as session:
                due = session.execute(
                    select(sealed_years.user_id, sealed_years.year)
                    .where(*waiting)
                    .order_by(sealed_years.next_try_at)
                    .limit(1)
                ).first()
            if due is None:
                return None
            with self._database.write() as session:
                claimed = session.execute(
                    update(SealedYearRow)
                    .where(
                        sealed_years.user_id == due.user_id, sealed_years.year == due.year, *waiting
                    )
                    .values(
                        state="sending",
                        lease_owner=self._owner,
                        lease_until=now + LEASE,
                        attempts=sealed_years.attempts + 1,
                        message_date=func.coalesce(sealed_years.message_date, now),
                    )
                    .returning(sealed_years.attempts, sealed_years.message_date)
                ).first()
            if claimed is not None:
                return _Claim(due.user_id, due.year, claimed.attempts, claimed.message_date)

    def _put_back(self, claim: _Claim, reason: str) -> None:
        """Let the board wait for its next try, or hold it once it was tried for 30 days."""
        now = clock.now()
        given_up = now - claim.first_tried >= GIVE_UP_AFTER
        self._settle(
            claim,
            state="held" if given_up else "pending",
            next_try_at=now + _delay(claim.attempts),
            last_error=reason,
        )

    def _settle(self, claim: _Claim, **values: Any) -> None:
        """Write down what came of a claim, if it is still ours."""
        with self._database.write() as session:
            session.execute(
                update(SealedYearRow)
                .where(
                    *_is(claim),
                    sealed_years.state == "sending",
                    sealed_years.lease_owner == self._owner,
                )
                .values(lease_owner=None, lease_until=None, **values)
            )


def _is(claim: _Claim) -> tuple[ColumnElement[bool], ...]:
    return (sealed_years.user_id == claim.user_id, sealed_years.year == claim.year)


def _delay(attempts: int) -> timedelta:
    """How long to wait after this many failures: a minute, doubled each time, at most 6 hours."""
    return min(_FIRST_DELAY * (1 << min(attempts - 1, 20)), _LONGEST_DELAY)
