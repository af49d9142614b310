"""The year-end mail before its time: the board as it stands, with nothing claimed or deleted.

An operator rehearses January with it, and a person has their year sent to them in December.
"""

import secrets
from datetime import datetime

from moodtracker import clock
from moodtracker.accounts.people import Person, by_id
from moodtracker.board import Board
from moodtracker.database import Database
from moodtracker.diary import read_year
from moodtracker.language import speaking
from moodtracker.mail import post, year_end
from moodtracker.mail.letter import Asked, Envelope, Letter, Write
from moodtracker.mail.smtp import Smtp, ascii_address


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


def send(database: Database, smtp: Smtp, envelope: Envelope, person: Person, address: str) -> None:
    """Mail the person's current board to ``address`` at once.

    Raises :class:`~moodtracker.mail.smtp.ServerTrouble` or
    :class:`~moodtracker.mail.smtp.RecipientRefused`.
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
        connection.send(envelope.sender_address, letter.address, letter.content)


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
