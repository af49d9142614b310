"""The year-end mail before its time: the board as it stands, with nothing claimed or deleted.

An operator rehearses January with it, and a person has their year sent to them in December.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moodtracker import clock
from moodtracker.accounts.people import Person, by_id
from moodtracker.board import Board
from moodtracker.database import Database
from moodtracker.diary import read_year
from moodtracker.language import speaking
from moodtracker.mail import post, year_end
from moodtracker.mail.letter import Asked, Envelope, Letter, Write
from moodtracker.mail.return_address import ReturnAddresses
from moodtracker.mail.smtp import MailRefused, ServerTrouble, Smtp, ascii_address

log = logging.getLogger(__name__)


def current_board(database: Database, person: Person) -> Board:
    """The person's year as it stands today."""
    today = person.today
    with database.read() as session:
        kept = read_year(session, person.id, today.year)
    return Board(today.year, person.zone, kept, today)


def write(
    database: Database,
    envelope: Envelope,
    person: Person,
    address: str,
    *,
    message_id: str,
    date: datetime,
) -> Letter:
    """The mail to ``address``; ``message_id`` has neither brackets nor domain."""
    recipient = ascii_address(address)
    with speaking(person.language):
        content = year_end.compose(
            current_board(database, person),
            name=person.first_name,
            address=recipient,
            sender=envelope.sender,
            message_id=f"<rehearsal.{message_id}@{envelope.domain}>",
            date=date,
            base_url=envelope.base_url,
            keep_days=envelope.keep_days,
            has_notes=person.notes_in_mail,
            rehearsal=True,
        )
    return Letter(recipient, content)


@dataclass(frozen=True, slots=True)
class Report:
    """What January would do: mails made, and who would get none, by username.

    ``largest`` is in bytes; ``sender`` is whom they would be sent by; ``trouble`` is what the mail
    server says, '' where all is well.
    """

    made: int
    largest: int
    failed: tuple[str, ...]
    no_address: tuple[str, ...]
    not_verified: tuple[str, ...]
    want_no_mail: tuple[str, ...]
    sender: str
    trouble: str


def rehearse(
    database: Database,
    smtp: Smtp,
    envelope: Envelope,
    chosen: Sequence[Person],
    *,
    return_addresses: ReturnAddresses,
) -> Report:
    """Make everybody's mail from their board as it stands, ask the mail server, send nothing."""
    sizes, failed = [], []
    for person in chosen:
        address = person.email or envelope.sender_address
        try:
            letter = write(database, envelope, person, address, message_id="none", date=clock.now())
        except Exception as error:
            # Whatever it is: the boards of the others are to be tried as well.
            log.error("a board could not be made into a mail (%s)", type(error).__name__)  # noqa: TRY400
            failed.append(person.username)
        else:
            sizes.append(len(letter.content))
    sender = _sender(envelope, return_addresses)
    return Report(
        len(sizes),
        max(sizes, default=0),
        tuple(failed),
        tuple(p.username for p in chosen if not p.email),
        tuple(p.username for p in chosen if p.email and not p.mail_address),
        tuple(p.username for p in chosen if not p.year_end_mail),
        sender,
        _trouble(smtp, sender),
    )


def _sender(envelope: Envelope, return_addresses: ReturnAddresses) -> str:
    """Whom the server is told that a board is from: where it would come back to."""
    return return_addresses.of_nobody() or envelope.sender_address


def _trouble(smtp: Smtp, sender: str) -> str:
    try:
        smtp.try_sender(sender)
    except (ServerTrouble, MailRefused) as trouble:
        return str(trouble)
    return ""


def send(
    database: Database,
    smtp: Smtp,
    envelope: Envelope,
    person: Person,
    address: str,
    *,
    return_addresses: ReturnAddresses,
) -> None:
    """Mail the person's current board to ``address`` at once.

    Raises :class:`~moodtracker.mail.smtp.ServerTrouble` or
    :class:`~moodtracker.mail.smtp.MailRefused`.
    """
    letter = write(
        database,
        envelope,
        person,
        address,
        message_id=secrets.token_hex(16),
        date=clock.now(),
    )
    with smtp.connect() as connection:
        sender = _sender(envelope, return_addresses)
        connection.send(sender, letter.address, letter.content)


def writers(database: Database, envelope: Envelope) -> dict[str, Write]:
    """What the outbox asks for the year so far that a person has sent to themselves."""

    def preview(asked: Asked) -> Letter | None:
        with database.read() as session:
            person = by_id(session, asked.user_id)
        if person is None or person.mail_address is None:
            return None
        return write(
            database,
            envelope,
            person,
            person.mail_address,
            message_id=asked.message_id,
            date=asked.date,
        )

    return {post.Kind.PREVIEW: preview}
