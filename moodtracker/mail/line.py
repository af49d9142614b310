"""The line to the mail server: one connection for many mails, opened at the first of them."""

from contextlib import AbstractContextManager
from typing import Self

from moodtracker.mail.letter import Letter
from moodtracker.mail.replies import Whose
from moodtracker.mail.smtp import Connection, MailRefused, ServerTrouble, Smtp


class Line:
    """Hands mails over, one after the other; use as a context manager."""

    def __init__(self, smtp: Smtp, sender_address: str) -> None:
        """Connect to ``smtp`` when there is something to send."""
        self._smtp = smtp
        self._sender_address = sender_address
        self._opened: AbstractContextManager[Connection] | None = None
        self._connection: Connection | None = None
        self._is_proven = False  # it has taken a mail

    def __enter__(self) -> Self:
        """Begin without a connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Say good-bye to the server."""
        self.close()

    def send(self, letter: Letter) -> None:
        """Hand over one mail.

        A server that ends the connection after so many mails is no trouble: it is called anew.
        Raises :class:`~moodtracker.mail.smtp.ServerTrouble` or
        :class:`~moodtracker.mail.smtp.MailRefused`.
        """
        was_proven = self._is_proven
        try:
            self._try(letter)
        except (ServerTrouble, MailRefused) as error:
            if not (error.is_closed and was_proven):
                raise
            self._try(letter)

    def _try(self, letter: Letter) -> None:
        """Hand over one mail; a connection that is of no use any more is closed."""
        try:
            self._hand_over(letter)
        except MailRefused as refusal:
            if refusal.is_closed:
                self.close()
            raise
        except ServerTrouble:
            self.close()
            raise
        except Exception as error:
            # Whatever it is: it is this mail's, and must not keep the others from being tried.
            self.close()
            words = f"the mail could not be handed over ({type(error).__name__})"
            raise MailRefused(words, Whose.UNCLEAR, is_passing=False) from None

    def close(self) -> None:
        """End the connection, if there is one."""
        opened, self._opened, self._connection = self._opened, None, None
        self._is_proven = False
        if opened is not None:
            opened.__exit__(None, None, None)

    def _hand_over(self, letter: Letter) -> None:
        if self._connection is None:
            self._opened = self._smtp.connect()
            self._connection = self._opened.__enter__()
        sender = letter.return_address or self._sender_address
        self._connection.send(sender, letter.address, letter.content)
        self._is_proven = True
