"""The good-bye to somebody whose account is gone: said once, and written down nowhere.

Who left is gone from the database with the act itself, whichever process did it and whether or not
a worker runs. So the mail is made and handed over by that process, and has its one try.
"""

import logging
import secrets
from dataclasses import dataclass
from threading import Thread

from moodtracker import clock
from moodtracker.database import Database
from moodtracker.database_trouble import told
from moodtracker.language import gettext as _
from moodtracker.language import speaking
from moodtracker.mail.account import Words, letter
from moodtracker.mail.letter import Asked, Envelope, Letter
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.line import Line
from moodtracker.mail.post import NOBODY
from moodtracker.mail.smtp import Smtp

log = logging.getLogger(__name__)

_PATIENCE = 20.0  # seconds, for whoever waits for it


@dataclass(frozen=True, slots=True)
class Farewell:
    """Whom to say it to: the address that they had verified, and what only their account knew."""

    address: str
    name: str
    language: str


class Goodbyes:
    """Says them, in threads of their own: a mail server that hangs keeps nobody."""

    def __init__(
        self, database: Database, smtp: Smtp | None, envelope: Envelope, limit: HourlyLimit
    ) -> None:
        """Without ``smtp`` nothing is said; ``limit`` counts them among all mails."""
        self._database = database
        self._smtp = smtp
        self._envelope = envelope
        self._limit = limit

    def say(self, farewell: Farewell | None) -> None:
        """Say it, and wait until that is done, or for a while: for a command, which then ends."""
        if farewell is not None and self._smtp is not None:
            self._begin(self._smtp, farewell).join(_PATIENCE)

    def say_soon(self, farewell: Farewell | None) -> None:
        """Say it while the caller goes on."""
        if farewell is not None and self._smtp is not None:
            self._begin(self._smtp, farewell)

    def _begin(self, smtp: Smtp, farewell: Farewell) -> Thread:
        saying = Thread(target=self._try, args=(smtp, farewell), name="goodbye", daemon=True)
        saying.start()
        return saying

    def _try(self, smtp: Smtp, farewell: Farewell) -> None:
        try:
            with self._database.write() as session:
                if self._limit.is_reached(session, waits_for_it=True):
                    return
                self._limit.count(session)
            with Line(smtp, self._envelope.sender_address) as line:
                line.send(write(self._envelope, farewell))
        except Exception as error:
            # Whatever it is: there is nobody any more whom it could be told.
            log.warning("a good-bye was not taken (%s)", told(error))


def write(envelope: Envelope, farewell: Farewell) -> Letter:
    """The mail itself, in the language of whoever left."""
    now = clock.now()
    asked = Asked(
        NOBODY, "goodbye", farewell.address, farewell.name, now, secrets.token_hex(16), now
    )
    with speaking(farewell.language):
        words = Words(
            subject=_("Your account is deleted"),
            heading=_("Goodbye, {name}").format(name=farewell.name),
            paragraphs=(
                _(
                    "Your account at {base_url} is deleted, with your moods, your settings and "
                    "what waited to be sent to you."
                ).format(base_url=envelope.base_url),
                _("Thank you for having been here."),
            ),
            small_print=_("This is the last mail that you get from here."),
        )
    return letter(envelope, asked, farewell.name, farewell.address, words)
