"""Stopping the year-end mail from the mail itself, without signing in (RFC 2369, RFC 8058).

The address in a mail names its person and is signed, so that nobody can make one for another. It
is the same in every mail, since a mail is the same on each try.
"""

import hmac

from moodtracker.secret import Secret

PATH = "/unsubscribe"
_PURPOSE = "unsubscribe"
_SIGNATURE_DIGITS = 40
_LARGEST_ID = 2**31 - 1


class Unsubscribing:
    """Makes the addresses, and knows them again."""

    def __init__(self, secret: Secret, base_url: str) -> None:
        """Sign with ``secret``; addresses begin with ``base_url``."""
        self._secret = secret
        self._base_url = base_url

    def address(self, user_id: int) -> str:
        """Where this person's mails can be stopped."""
        return f"{self._base_url}{PATH}?of={user_id}.{self._signature(str(user_id))}"

    def person(self, token: str) -> int | None:
        """Whose address it is, by its ``of``; None where it is none of ours."""
        user_id, _, signature = token.partition(".")
        if not (user_id.isascii() and user_id.isdigit()) or len(user_id) > 10:
            return None
        if not hmac.compare_digest(signature.encode(), self._signature(user_id).encode()):
            return None
        return int(user_id) if int(user_id) <= _LARGEST_ID else None

    def _signature(self, user_id: str) -> str:
        return self._secret.digest(_PURPOSE, user_id)[:_SIGNATURE_DIGITS]
