"""One setting out to the identity provider: what has to be known when somebody comes back.

The browser that sets out carries it (:mod:`~moodtracker.accounts.tickets`), each attempt under its
own name, so that several tabs can be on their way at once and any instance can finish what
another one began.
"""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Literal

from moodtracker import clock
from moodtracker.accounts.identity import AttemptOver
from moodtracker.accounts.tickets import TicketRefused, Tickets
from moodtracker.secret import Secret

# sign-in: whoever it is. link: connect it with the account that is signed in. confirm: the person
# who is signed in has to prove anew that it is them.
Purpose = Literal["sign-in", "link", "confirm"]
# Where the provider sends people back to, and tells that it has signed somebody out.
BACK = "/login/provider/back"
SIGNED_OUT = "/signed-out"
ENDED = "/login/provider/ended"
LIFETIME = timedelta(minutes=20)  # time to find a phone, or to register at the provider


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Attempt:
    """``state`` names it, ``nonce`` and ``verifier`` tie the answer to it (RFC 7636).

    ``user_id`` is who was signed in, 0 for nobody; ``next`` is where they want to go afterwards;
    ``began`` is in seconds since 1970; ``came_back`` says that their answer was used already.
    """

    purpose: Purpose = "sign-in"
    user_id: int = 0
    next: str = "/"
    invitation: str = ""
    came_back: bool = False
    state: str = field(default_factory=_random)
    nonce: str = field(default_factory=_random)
    verifier: str = field(default_factory=_random)
    began: int = field(default_factory=lambda: int(clock.now().timestamp()))


class Attempts:
    """Seals attempts for the way."""

    def __init__(self, secret: Secret) -> None:
        """Sign with the server's secret."""
        self._tickets = Tickets(secret, "provider attempt", LIFETIME)

    def seal(self, attempt: Attempt) -> str:
        """What the browser carries."""
        return self._tickets.give(asdict(attempt))

    def open(self, sealed: str | None, state: str) -> Attempt:
        """The attempt that a browser brings back; raises :class:`AttemptOver`."""
        try:
            attempt = Attempt(**self._tickets.take(sealed or ""))
        except TicketRefused:
            raise AttemptOver from None
        if not secrets.compare_digest(attempt.state.encode(), state.encode(errors="replace")):
            raise AttemptOver
        return attempt
