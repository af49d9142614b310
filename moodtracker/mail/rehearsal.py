"""A rehearsal of the year-end mail: the board as it stands, with nothing claimed or deleted."""

import secrets

from moodtracker import clock
from moodtracker.accounts.people import Person
from moodtracker.board import Board
from moodtracker.database import Database
from moodtracker.diary import read_year
from moodtracker.mail import year_end
from moodtracker.mail.letter import Envelope
from moodtracker.mail.smtp import Smtp, ascii_address


def send(database: Database, smtp: Smtp, envelope: Envelope, person: Person, address: str) -> None:
    """Mail the person's current board to ``address``.

    Raises :class:`~moodtracker.mail.smtp.ServerTrouble` or
    :class:`~moodtracker.mail.smtp.RecipientRefused`.
    """
    today = person.today
    with database.read() as session:
        kept = read_year(session, person.id, today.year)
    recipient = ascii_address(address)
    message = year_end.compose(
        Board(today.year, person.zone, kept, today),
        name=person.first_name,
        address=recipient,
        sender=envelope.sender,
        message_id=f"<rehearsal.{secrets.token_hex(16)}@{envelope.domain}>",
        date=clock.now(),
        base_url=envelope.base_url,
        keep_days=envelope.keep_days,
        rehearsal=True,
    )
    with smtp.connect() as connection:
        connection.send(envelope.sender_address, recipient, message)
