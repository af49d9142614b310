"""A fresh proof that it is really them, from people who have no password to be asked for.

They sign in at the provider once more; then their browser carries a proof for a few minutes, good
for the session that it was made in and for no other.
"""

from datetime import timedelta

from moodtracker.accounts.attempt import Attempt
from moodtracker.accounts.identity import Identity, NotBelieved
from moodtracker.accounts.sessions import SignedIn
from moodtracker.accounts.tickets import TicketRefused, Tickets
from moodtracker.secret import Secret

LIFETIME = timedelta(minutes=5)
_LEEWAY_SECONDS = 60  # between the provider's clock and ours


class FreshProofs:
    """Makes proofs and knows them again."""

    def __init__(self, secret: Secret) -> None:
        """Sign with the server's secret."""
        self._tickets = Tickets(secret, "fresh proof", LIFETIME)

    def give(self, who: SignedIn, attempt: Attempt, identity: Identity) -> str:
        """The proof for somebody whose own identity came back from an attempt to confirm.

        Raises :class:`~moodtracker.accounts.identity.NotBelieved` where the provider only
        remembered them (``auth_time``, OpenID Connect Core 1.0, 2).
        """
        if identity.auth_time < attempt.began - _LEEWAY_SECONDS:
            raise NotBelieved("not signed in anew")
        return self._tickets.give({"session": who.token_hash})

    def are_good(self, proof: str | None, who: SignedIn) -> bool:
        """Whether this session holds a proof that is still fresh."""
        try:
            content = self._tickets.take(proof or "")
        except TicketRefused:
            return False
        return bool(content["session"] == who.token_hash)
