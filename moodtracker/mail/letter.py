"""A mail on its way: who sends it, who it is for, what was asked for, and its bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from urllib.parse import urlsplit

from moodtracker.mail.smtp import ascii_address


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all mails of this server have in common: who sends them, and what they say of it."""

    sender: str
    base_url: str
    keep_days: int

    @property
    def sender_address(self) -> str:
        """The address alone, without a name, its domain as xn--."""
        return ascii_address(parseaddr(self.sender)[1])

    @property
    def domain(self) -> str:
        """What Message-IDs end with."""
        return self.sender_address.rpartition("@")[2] or urlsplit(self.base_url).hostname or ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A mail that somebody asked for with :func:`moodtracker.mail.post.ask`, as it stands there.

    ``date`` is when it was first tried; it and ``message_id`` (without brackets and domain) are
    the same on every try.
    """

    user_id: int
    kind: str
    email: str
    name: str
    created_at: datetime
    message_id: str
    date: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be handed over: the address that it goes to, and its bytes.

    The domain of ``address`` is in xn-- form, and lines end in CRLF. ``return_address`` is where it
    comes back to that cannot be delivered, where that is not the sender.
    """

    address: str
    content: bytes
    return_address: str | None = None


# Writes the mail that was asked for, just before it is sent; None where there is nothing to send
# (any more), such as to somebody who is not here. It is called in the worker's thread, outside of
# any transaction, again for each try.
Write = Callable[[Asked], Letter | None]
