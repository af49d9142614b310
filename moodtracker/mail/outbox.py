"""The outbox: takes on what is due, hands it to the mail server, and writes down what came of it.

The rows are the truth. A row is marked as sent after the mail server's 250: a crash between the
two sends the mail once more under the same Message-ID, and that is the only way to a second mail
(Y6). Where marking itself fails, say on a full disk, it is made up for before anything else is
sent.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Lock
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from moodtracker.accounts import administrators
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.mail.breaker import Breaker
from moodtracker.mail.lanes import Lane
from moodtracker.mail.letter import Envelope, Letter
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.line import Line
from moodtracker.mail.queue import Claim
from moodtracker.mail.replies import Whose, alike
from moodtracker.mail.smtp import MailRefused, ServerTrouble, Smtp

log = logging.getLogger(__name__)

Outcome = Callable[[Session], None]

# Greylisting is over by then: who is still asked to come back later has met something else.
_GREYLISTED_FOR = timedelta(hours=1)
_SOMEBODY = "<address>"


@dataclass(frozen=True, slots=True)
class _TakenOn:
    """A mail that is being tried, and the spell that it was taken on in."""

    lane: Lane
    claim: Claim
    spell: int

    def is_its_own(self, words: str) -> bool:
        """Whether it failed alike before, and another mail was taken since."""
        row = self.claim.row
        return (
            row.failed_in_spell is not None
            and row.failed_in_spell < self.spell
            and alike(row.last_error or "") == alike(words)
        )

    def proves_something(self, refusal: MailRefused) -> bool:
        """Whether its refusal may be the server's trouble, if others are refused alike."""
        match refusal.whose:
            case Whose.MAILBOX:
                return False
            case Whose.LATER:
                return self.claim.waited >= _GREYLISTED_FOR
            case Whose.ADDRESS:
                return self.lane.is_known(self.claim)
        return True


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
        self._outcomes: list[Outcome] = []  # not written down yet
        self._changed: set[int] = set()  # whose mails they are about
        self._turn = Lock()
        self._stopping = Event()

    def deliver_due(self) -> None:
        """Send every mail that is due, over one connection, until none is left.

        A trouble of the server's lets boards wait for growing delays (Y4). A round that is under
        way already sends what has come due since as well.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._write_down()
                if self._is_anything_due():
                    self._round()
            finally:
                self._turn.release()

    def stop(self) -> None:
        """End the round that is under way after the mail that is being sent."""
        self._stopping.set()

    def try_now(self, by: int | None = None) -> None:
        """Let all that failed be tried at once, and the server's trouble be forgotten.

        ``by`` is the administrator who asks, None the operator. Raises
        :class:`~moodtracker.accounts.administrators.NotAnAdministrator`.
        """
        with self._database.write() as session:
            administrators.check_role(session, by)
            self._breaker.reset(session)
            for lane in self._lanes:
                for user_id in lane.queue.try_now(session):
                    tell(session, user_id)

    def _is_anything_due(self) -> bool:
        with self._database.read() as session:
            standing = self._breaker.standing(session)
            due = [
                lane.queue.is_due()
                for lane in self._lanes
                if standing.lets_pass(waits_for_it=lane.waits_for_it)
            ]
            return bool(due) and bool(session.scalar(select(or_(*due))))

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
                if not self._deliver(taken_on, line):
                    break
        self._write_down()

    def _next(self, lanes: Sequence[Lane]) -> _TakenOn | None:
        """Write down what came of the last mail, and take on the next one, in one transaction."""
        with self._database.write() as session:
            self._write_outcomes(session)
            taken_on = self._claim(session, lanes)
        self._forget_outcomes()
        return taken_on

    def _claim(self, session: Session, lanes: Sequence[Lane]) -> _TakenOn | None:
        standing = self._breaker.standing(session)
        for lane in lanes:
            if not standing.lets_pass(waits_for_it=lane.waits_for_it):
                continue
            if self._limit.is_reached(session, waits_for_it=lane.waits_for_it):
                continue
            claim = lane.queue.claim(session)
            if claim is not None:
                self._limit.count(session)
                return _TakenOn(lane, claim, standing.spell)
        return None

    def _deliver(self, taken_on: _TakenOn, line: Line) -> bool:
        """Try one mail; False where the server's trouble ends the round."""
        letter = self._written(taken_on)
        if letter is None:
            self._note(taken_on, lambda session: self._limit.take_back(session, taken_on.claim.at))
            return True
        try:
            line.send(letter)
        except MailRefused as refusal:
            said = str(refusal).replace(letter.address, _SOMEBODY)  # no trace of people
            log.warning("a mail was refused (%s): %s", refusal.whose.value, said)
            self._note_refused(taken_on, refusal, letter.address)
        except ServerTrouble as trouble:
            is_its_own = trouble.at_a_mail and taken_on.is_its_own(str(trouble))
            said = str(trouble).replace(letter.address, _SOMEBODY)
            if is_its_own:
                log.warning("a mail could not be handed over: %s", said)
            else:
                log.warning("the mail server has trouble, mails wait: %s", said)
            self._note_trouble(taken_on, trouble, said, is_its_own=is_its_own)
            return is_its_own
        else:
            self._note(taken_on, lambda session: self._taken(session, taken_on))
        return True

    def _written(self, taken_on: _TakenOn) -> Letter | None:
        """The mail of a claim; one that cannot be written must not stop those behind it."""
        try:
            return taken_on.lane.write(taken_on.claim)
        except Exception as error:
            words = f"the mail could not be made ({type(error).__name__})"
            log.error("a mail could not be made (%s)", type(error).__name__)  # noqa: TRY400
            self._note(taken_on, lambda session: self._put_back_or_hold(session, taken_on, words))
            return None

    def _taken(self, session: Session, taken_on: _TakenOn) -> None:
        taken_on.lane.taken(session, taken_on.claim)
        queues = (lane.queue for lane in self._lanes)
        self._changed |= self._breaker.taken(session, queues)

    def _note_trouble(
        self, taken_on: _TakenOn, trouble: ServerTrouble, said: str, *, is_its_own: bool
    ) -> None:
        words, may_be_taken = str(trouble), trouble.may_be_taken

        def outcome(session: Session) -> None:
            if is_its_own:
                self._put_back_or_hold(session, taken_on, words, may_be_taken=may_be_taken)
            else:
                self._put_back(session, taken_on, words, may_be_taken=may_be_taken, waits=True)
                self._breaker.trip(session, said, is_unreachable=True)

        self._note(taken_on, outcome)

    def _note_refused(self, taken_on: _TakenOn, refusal: MailRefused, address: str) -> None:
        words, for_good = str(refusal), refusal.for_good
        said = words.replace(address, _SOMEBODY)

        def outcome(session: Session) -> None:
            if self._is_the_servers(session, taken_on, refusal, address):
                self._put_back(session, taken_on, words, waits=True)
                is_passing = refusal.is_passing
                if self._breaker.trip(session, said, is_unreachable=False, is_passing=is_passing):
                    self._suspect_all(session)
            else:
                self._put_back_or_hold(session, taken_on, words, address=address, for_good=for_good)

        self._note(taken_on, outcome)

    def _is_the_servers(
        self, session: Session, taken_on: _TakenOn, refusal: MailRefused, address: str
    ) -> bool:
        """Whether a refusal, with those before it, shows that the server takes nobody's mail."""
        if taken_on.is_its_own(str(refusal)) or not taken_on.proves_something(refusal):
            return False
        return self._breaker.proves_trouble(session, alike(str(refusal), address), address)

    def _suspect_all(self, session: Session) -> None:
        """What was refused since a mail was taken last waits for the server as well."""
        spell = self._breaker.standing(session).spell
        for lane in self._lanes:
            self._changed.update(lane.queue.suspect(session, spell))

    def _put_back_or_hold(
        self,
        session: Session,
        taken_on: _TakenOn,
        words: str,
        *,
        address: str | None = None,
        for_good: bool = False,
        may_be_taken: bool = False,
    ) -> None:
        """It is the mail's own trouble: try it again, until that is of no use any more."""
        claim = taken_on.claim
        if for_good or claim.is_given_up:
            # Given up while nothing was taken from anybody: it is tried again once something is.
            waits = not for_good and not taken_on.is_its_own(words)
            marks = self._marks(session, taken_on, words, waits=waits)
            marks["may_be_taken"] = may_be_taken
            taken_on.lane.held(session, claim, words, address, **marks)
        else:
            self._put_back(session, taken_on, words, may_be_taken=may_be_taken)

    def _put_back(
        self,
        session: Session,
        taken_on: _TakenOn,
        words: str,
        *,
        may_be_taken: bool = False,
        waits: bool = False,
    ) -> None:
        claim, marks = taken_on.claim, self._marks(session, taken_on, words, waits=waits)
        taken_on.lane.queue.put_back(session, claim, words, may_be_taken=may_be_taken, **marks)

    def _marks(
        self, session: Session, taken_on: _TakenOn, words: str, *, waits: bool
    ) -> dict[str, Any]:
        """What a row remembers of a failure; that it is its own trouble stays so."""
        marks: dict[str, Any] = {"waits_for_server": waits}
        if not taken_on.is_its_own(words):
            marks["failed_in_spell"] = self._breaker.standing(session).spell
        return marks

    def _note(self, taken_on: _TakenOn, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._changed.add(taken_on.claim.user_id)

    def _write_down(self) -> None:
        if self._outcomes:
            with self._database.write() as session:
                self._write_outcomes(session)
            self._forget_outcomes()

    def _write_outcomes(self, session: Session) -> None:
        for outcome in self._outcomes:
            outcome(session)
        for user_id in self._changed:
            tell(session, user_id)

    def _forget_outcomes(self) -> None:
        """They are committed."""
        self._outcomes.clear()
        self._changed.clear()
