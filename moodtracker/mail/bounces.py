"""What comes of a mail that comes back: its board is held again, and its person told (Y5b).

A report is forged easily, so it is believed only where it knows what nobody knows but those who
carried the mail, or got it: the signed address that it comes back to, or the mail's Message-ID,
which has 128 random bits. Who has that can hold one board, that one, until its person tries again;
nothing is sent because of a report.
"""

import logging
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.accounts import administrators, audit
from moodtracker.accounts.people import by_id, named
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.mail.dsn import Fate, Report
from moodtracker.mail.return_address import ReturnAddresses, Tag
from moodtracker.mail.smtp import ascii_address
from moodtracker.models import SealedYearRow, sealed_years, users

log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What was made of a report, in words for the operator."""

    HELD = "The board is held, and its person is told."
    HELD_BEFORE = "That board is not on its way any more: nothing was changed."
    NOTED = "It was another mail than a board: it is noted at its account."
    NOT_FAILED = "It says of no mail that it could not be delivered: nothing was changed."
    UNKNOWN = "It is about no mail that this server knows: nothing was changed."


class Bounces:
    """Writes down what came back."""

    def __init__(self, database: Database, return_addresses: ReturnAddresses) -> None:
        """Know mails by ``return_addresses``, or by their Message-ID."""
        self._database = database
        self._return_addresses = return_addresses

    def take(
        self, report: Report, delivered_to: Iterable[str] = (), *, by: int | None = None
    ) -> Outcome:
        """Write down what a report says; ``delivered_to`` is known of it from elsewhere.

        ``by`` is the administrator who brings it, None the operator. Raises
        :class:`~moodtracker.accounts.administrators.NotAnAdministrator`.
        """
        addresses = (*delivered_to, *report.delivered_to)
        tags = [tag for tag in map(self._return_addresses.read, addresses) if tag]
        with self._database.write() as session:
            administrators.check_role(session, by)
            for tag in tags:
                if not tag.is_board and self._return_addresses.holds(tag):
                    return self._note_message(session, tag, report.failure(is_signed=True))
                row = _row(session, *_is(tag.user_id, int(tag.key))) if tag.is_board else None
                if row and self._return_addresses.holds(tag, row.sent_to or ""):
                    return _hold(session, row, report.failure(_address(row), is_signed=True))
            if report.failure() is None:
                return Outcome.NOT_FAILED
            is_it = sealed_years.message_id == report.message_id
            row = _row(session, is_it) if report.message_id else None
            if row and _went_to(row, report.returned_to):
                return _hold(session, row, report.failure(_address(row)))
            return Outcome.UNKNOWN

    def hold(self, login: str, words: str, *, by: int | None = None) -> Outcome:
        """Hold the board that was mailed last to this person: whoever asks saw it come back.

        ``login`` is a user name or an address; ``by`` is as for :meth:`take`.
        """
        with self._database.write() as session:
            administrators.check_role(session, by)
            person = named(session, login)
            row = person and _row(
                session, sealed_years.user_id == person.id, sealed_years.state == "sent"
            )
            if not row:
                return Outcome.UNKNOWN
            return _hold(session, row, Fate((), has_failed=True, words=words))

    def _note_message(self, session: Session, tag: Tag, failure: Fate | None) -> Outcome:
        """Once for each mail, however often it is told."""
        if failure is None:
            return Outcome.NOT_FAILED
        log.warning("a mail came back")
        if by_id(session, tag.user_id):
            event = audit.Event.MAIL_CAME_BACK
            audit.note_once(session, tag.user_id, tag.key, event, failure.words)
        return Outcome.NOTED


def _hold(session: Session, row: Row[Any], failure: Fate | None) -> Outcome:
    """Hold a board that was sent, with the reason, where it has failed."""
    if failure is None:
        return Outcome.NOT_FAILED
    changed = session.execute(
        update(SealedYearRow)
        .where(*_is(row.user_id, row.year), sealed_years.state == "sent")
        .where(sealed_years.moods.is_not(None))
        .values(
            state="held",
            last_error=failure.words or "it came back",
            refused_email=_address(row),
            stuck_since=clock.now(),
            failed_in_spell=None,
            waits_for_server=False,
        )
        .returning(sealed_years.user_id)
    ).first()
    if changed is None:
        log.warning("a board came back that is not on its way any more")
        return Outcome.HELD_BEFORE
    log.warning("a board came back, and is held")
    tell(session, row.user_id)
    return Outcome.HELD


def _address(row: Row[Any]) -> str:
    """Where a board went to."""
    return row.sent_to or ascii_address(row.email or "")


def _row(session: Session, *which: ColumnElement[bool]) -> Row[Any] | None:
    found: Any = session.execute(
        select(
            sealed_years.user_id,
            sealed_years.year,
            sealed_years.sent_to,
            users.email,
        )
        .where(users.id == sealed_years.user_id, *which)
        .order_by(sealed_years.year.desc())
        .limit(1)
    ).first()
    return found  # type: ignore[no-any-return]


def _is(user_id: int, year: int) -> tuple[ColumnElement[bool], ...]:
    return sealed_years.user_id == user_id, sealed_years.year == year


def _went_to(row: Row[Any], returned_to: str) -> bool:
    """Whether it is the mail that was sent last, and not one to an address of before."""
    if not returned_to or row.sent_to is None:
        return True
    return ascii_address(returned_to).lower() == str(row.sent_to).lower()
