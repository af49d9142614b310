"""The outbox: takes on what is due, hands it to the mail server, and writes down what came of it.

The rows are the truth. A row is marked as sent after the mail server's 250: a crash between the
two sends the mail once more under the same Message-ID, and that is the only way to a second mail
(Y6). Where marking itself fails, say on a full disk, it is made up for before anything else is
sent.
"""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Lock

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.mail.breaker import Breaker
from moodtracker.mail.lanes import Lane
from moodtracker.mail.letter import Envelope, Letter
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.line import Line
from moodtracker.mail.queue import Claim
from moodtracker.mail.smtp import RecipientRefused, ServerTrouble, Smtp

log = logging.getLogger(__name__)

Outcome = Callable[[Session], None]


class Outbox:
    """Delivers what is due through one mail server."""

    def __init__(
        self,
        database: Database,
        smtp: Smtp,
        envelope: Envelope,
        lanes: Sequence[Lane],
        *,
        limit: HourlyLimit,
    ) -> None:
        """The first of the ``lanes`` comes first, at every single mail."""
        self._database = database
        self._smtp = smtp
        self._envelope = envelope
        self._lanes = lanes
        self._limit = limit
        self._breaker = Breaker(database)
        self._in_trouble = False
        self._outcomes: list[tuple[int, Outcome]] = []  # not written down yet, with whose they are
        self._turn = Lock()
        self._stopping = Event()

    def deliver_due(self) -> None:
        """Send every mail that is due, over one connection, until none is left.

        A trouble of the server's ends the round, and the next ones for growing delays (Y4). A
        round that is under way already sends what has come due since as well.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._write_down()
                if self._is_anything_due() and not self._breaker.is_open():
                    self._in_trouble = self._breaker.trouble() is not None
                    self._round()
            finally:
                self._turn.release()

    def stop(self) -> None:
        """End the round that is under way after the mail that is being sent."""
        self._stopping.set()

    def _is_anything_due(self) -> bool:
        lanes = [lane.queue.is_due() for lane in self._lanes]
        with self._database.read() as session:
            return bool(session.scalar(select(or_(*lanes))))

    def _round(self) -> None:
        with self._database.write() as session:
            for lane in self._lanes:
                lane.queue.return_lost(session)
        lanes = [lane for lane in self._lanes if lane.is_open()]
        with Line(self._smtp, self._envelope.sender_address) as line:
            while not self._stopping.is_set():
                taken_on = self._next(lanes)
                if taken_on is None:
                    return
                if not self._deliver(*taken_on, line):
                    break
        self._write_down()

    def _next(self, lanes: Sequence[Lane]) -> tuple[Lane, Claim] | None:
        """Write down what came of the last mail, and take on the next one, in one transaction."""
        with self._database.write() as session:
            self._write_outcomes(session)
            taken_on = self._claim(session, lanes)
        self._outcomes.clear()
        return taken_on

    def _claim(self, session: Session, lanes: Sequence[Lane]) -> tuple[Lane, Claim] | None:
        for lane in lanes:
            if self._limit.is_reached(session, waits_for_it=lane.waits_for_it):
                continue
            claim = lane.queue.claim(session)
            if claim is not None:
                self._limit.count(session)
                return lane, claim
        return None

    def _deliver(self, lane: Lane, claim: Claim, line: Line) -> bool:
        """Try one mail; False where the server's trouble ends the round."""
        letter = self._written(lane, claim)
        if letter is None:
            return True
        try:
            line.send(letter)
        except RecipientRefused as refusal:
            words, address = str(refusal), letter.address
            if refusal.for_good or claim.is_given_up:
                self._note(claim, lambda session: lane.held(session, claim, words, address))
            else:
                self._put_back(lane, claim, words)
        except ServerTrouble as trouble:
            words = str(trouble)
            self._put_back(lane, claim, words, counts=trouble.may_be_taken)
            self._note(claim, lambda session: self._breaker.trip(session, words))
            log.warning("the mail server has trouble, mails wait: %s", words)
            return False
        else:
            self._note(claim, lambda session: lane.taken(session, claim))
            if self._in_trouble:
                self._note(claim, self._breaker.reset)
                self._in_trouble = False
        return True

    def _written(self, lane: Lane, claim: Claim) -> Letter | None:
        """The mail of a claim; one that cannot be written must not stop those behind it."""
        try:
            return lane.write(claim)
        except Exception as error:
            self._put_back(lane, claim, f"the mail could not be made ({type(error).__name__})")
            log.error("a mail could not be made (%s)", type(error).__name__)  # noqa: TRY400
            return None

    def _put_back(self, lane: Lane, claim: Claim, reason: str, *, counts: bool = True) -> None:
        self._note(
            claim, lambda session: lane.queue.put_back(session, claim, reason, counts=counts)
        )

    def _note(self, claim: Claim, outcome: Outcome) -> None:
        self._outcomes.append((claim.user_id, outcome))

    def _write_down(self) -> None:
        if self._outcomes:
            with self._database.write() as session:
                self._write_outcomes(session)
            self._outcomes.clear()

    def _write_outcomes(self, session: Session) -> None:
        for user_id, outcome in self._outcomes:
            outcome(session)
            tell(session, user_id)
