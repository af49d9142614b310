"""What the outbox sends: mails that people ask for, and finished boards."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Row, bindparam, delete, update
from sqlalchemy.orm import Session

from moodtracker import clock, erasing, sealed
from moodtracker.accounts.people import Person, person_from, select_person
from moodtracker.database import Database
from moodtracker.language import speaking
from moodtracker.mail import post, year_end
from moodtracker.mail.letter import Asked, Envelope, Letter, Write
from moodtracker.mail.queue import Claim, Queue, named
from moodtracker.mail.recipients import Recipients
from moodtracker.mail.return_address import ReturnAddresses
from moodtracker.mail.smtp import ascii_address
from moodtracker.mail.unsubscribe import Unsubscribing
from moodtracker.models import SealedYearRow, messages, sealed_years, users

log = logging.getLogger(__name__)


class Lane(Protocol):
    """One kind of mails, the rows that they wait in, and what becomes of those."""

    queue: Queue
    waits_for_it: bool  # somebody does, at this moment

    def is_open(self) -> bool:
        """Whether its mails may be sent now."""

    def write(self, claim: Claim) -> Letter | None:
        """The mail of a claim; None where there is none to send (any more), which is settled."""

    def taken(self, session: Session, claim: Claim) -> None:
        """The mail server has taken the mail."""

    def held(
        self, session: Session, claim: Claim, reason: str, address: str | None, **marks: Any
    ) -> None:
        """The mail cannot be delivered to ``address``, and waits for somebody's help.

        Without an address it could not even be made. ``marks`` are for :meth:`Queue.settle`.
        """

    def is_known(self, claim: Claim) -> bool:
        """Whether the address is known to be somebody's, so that its refusal says something."""


class Messages:
    """Every mail but the boards: each is deleted once it is sent, or of no use any more."""

    waits_for_it = True

    def __init__(
        self,
        database: Database,
        writers: Mapping[str, Write],
        recipients: Recipients,
        return_addresses: ReturnAddresses | None = None,
    ) -> None:
        """``writers`` write each kind of mail; without ``return_addresses`` none is read.

        ``recipients`` says who got so many today that one more is dropped.
        """
        self._return_addresses = return_addresses
        self._recipients = recipients
        self._sent_to: dict[str, str] = {}  # of what is on its way, by its row's id
        self.queue = Queue(messages, "id")
        self._forgetting = delete(messages.id.table).where(self.queue.holds)
        self._database = database
        self._writers = writers

    def is_open(self) -> bool:
        """Always."""
        return True

    def write(self, claim: Claim) -> Letter | None:
        """As its kind's writer does; raises KeyError for a kind that this version does not know."""
        row = claim.row
        if row.created_at + post.useful_for(row.kind) <= clock.now():
            log.info("a mail was dropped: it is too late for it (%s)", row.kind)
            letter = None
        else:
            letter = self._writers[row.kind](
                Asked(
                    row.user_id,
                    row.kind,
                    row.email,
                    row.name,
                    row.created_at,
                    row.message_id,
                    row.message_date,
                )
            )
        if letter is not None and self._has_enough(row, letter):
            log.info("a mail was dropped: its mailbox had as many today as it may (%s)", row.kind)
            letter = None
        if letter is None:
            with self._database.write() as session:
                self._drop(session, claim)
            return None
        self._sent_to[row.id] = letter.address
        if self._return_addresses is None:
            return letter
        return replace(
            letter, return_address=self._return_addresses.of_message(row.user_id, row.id)
        )

    def taken(self, session: Session, claim: Claim) -> None:
        """Nothing of it has to stay, but that its mailbox had one more."""
        row = claim.row
        if address := self._sent_to.pop(row.id, None):
            self._recipients.count(session, row.kind, address, row.user_id)
            self._recipients.count_from(session, row.asked_from)
        self._drop(session, claim)

    def _drop(self, session: Session, claim: Claim) -> None:
        session.execute(self._forgetting, named(claim))

    def _has_enough(self, row: Row[Any], letter: Letter) -> bool:
        with self._database.read() as session:
            address, user_id = letter.address, row.user_id
            return self._recipients.has_enough(
                session, row.kind, address, user_id
            ) or self._recipients.was_asked_enough(session, row.asked_from)

    def held(
        self, session: Session, claim: Claim, reason: str, address: str | None, **marks: Any
    ) -> None:
        """It stays for the operator to see, until it is of no use any more."""
        self.queue.settle(session, claim, state="held", last_error=reason, **marks)

    def is_known(self, claim: Claim) -> bool:
        """Not while it is still to be verified: anybody may type anything."""
        return claim.row.kind not in (post.Kind.JOIN, post.Kind.VERIFY)


class Boards:
    """Finished boards, drawn from the sealed record alone (Y2, Y8)."""

    waits_for_it = False

    def __init__(
        self,
        database: Database,
        envelope: Envelope,
        unsubscribing: Unsubscribing,
        is_open: Callable[[], bool],
        return_addresses: ReturnAddresses | None = None,
    ) -> None:
        """``is_open`` says whether boards may be sent: not while the clock is in doubt (Y9)."""
        self._return_addresses = return_addresses
        self._sent_to: dict[int, str] = {}  # of what is on its way, by person
        self.queue = Queue(sealed_years, "year")
        self._reading = (
            select_person()
            .add_columns(sealed_years.moods)
            .join(SealedYearRow, sealed_years.user_id == users.id)
            .where(self.queue.holds)
        )
        self._noting = (
            update(sealed_years.year.table)
            .where(self.queue.holds)
            .values(notes_mailed=bindparam("has_notes"))
        )
        self.is_open = is_open
        self._database = database
        self._envelope = envelope
        self._unsubscribing = unsubscribing

    def write(self, claim: Claim) -> Letter | None:
        """The board's mail, by what its person wants at this moment."""
        with self._database.read() as session:
            row = session.execute(self._reading, named(claim)).first()
        if row is None:
            return None  # the person left, or another worker has it
        person = person_from(row)
        state = wanted_state(person, has_moods=row.moods is not None)
        if state != "pending":
            with self._database.write() as session:
                self.queue.settle(session, claim, state=state, stuck_since=clock.now())
            return None
        year, moods = claim.row.year, row.moods
        if claim.row.notes:
            # Before it is sent, so that it holds of the mail that is taken in the end.
            with self._database.write() as session:
                session.execute(self._noting, named(claim) | {"has_notes": person.notes_in_mail})
        address = self._sent_to[person.id] = ascii_address(person.mail_address or "")
        returns = self._return_addresses
        with speaking(person.language):
            return Letter(
                address,
                year_end.compose(
                    sealed.unpack(year, claim.row.zone, moods),
                    name=person.first_name,
                    address=address,
                    sender=self._envelope.sender,
                    message_id=claim.row.message_id,
                    date=claim.row.message_date,
                    base_url=self._envelope.base_url,
                    keep_days=self._envelope.keep_days,
                    has_notes=person.notes_in_mail,
                    notes_until=self._notes_until(claim, person),
                    unsubscribe_address=self._unsubscribing.address(person.id),
                ),
                returns.of_board(person.id, year, address) if returns else None,
            )

    def _notes_until(self, claim: Claim, person: Person) -> date | None:
        """Until when notes that the mail leaves out are here; None where their person has them."""
        if claim.row.downloaded_at is not None:
            return None
        return erasing.kept_until(claim.row, clock.now(), person.zone)

    def taken(self, session: Session, claim: Claim) -> None:
        """From now on its days are counted."""
        if self.queue.settle(
            session,
            claim,
            may_be_taken=True,
            state="sent",
            sent_at=clock.now(),
            sent_to=self._sent_to.pop(claim.user_id, None),
            last_error=None,
            refused_email=None,
            failed_in_spell=None,
            waits_for_server=False,
        ):
            log.info("a board was mailed")

    def held(
        self, session: Session, claim: Claim, reason: str, address: str | None, **marks: Any
    ) -> None:
        """Until its person gives another address, or the operator tries again (Y4)."""
        if self.queue.settle(
            session,
            claim,
            state="held",
            last_error=reason,
            refused_email=address,
            stuck_since=clock.now(),
            **marks,
        ):
            log.warning("a board is held: it cannot be delivered")

    def is_known(self, claim: Claim) -> bool:
        """Always: it was verified."""
        return True


def wanted_state(person: Person, *, has_moods: bool) -> str:
    """Where a year that is not mailed yet stands by what its person wants."""
    if not has_moods:
        return "empty"
    if not person.year_end_mail:
        return "opted_out"
    return "pending" if person.mail_address else "no_address"
