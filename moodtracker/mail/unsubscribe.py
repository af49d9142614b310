"""Stopping mails from the mail itself, without signing in (RFC 2369, RFC 8058).

The address in a mail names its person, and of which mails it is, and is signed, so that nobody can
make one for another. It is the same in every mail, since a mail is the same on each try.
"""

import hmac

from moodtracker.secret import Secret

PATH = "/unsubscribe"
YEAR_END, REMINDER = "year-end", "reminder"
# What is signed; that of the year's end stands in mails of long ago.
_PURPOSES = {YEAR_END: "unsubscribe", REMINDER: "unsubscribe from reminders"}
_SIGNATURE_DIGITS = 40
_LARGEST_ID = 2**31 - 1


class Unsubscribing:
    """Makes the addresses, and knows them again."""

    def __init__(self, secret: Secret, base_url: str) -> None:
        """Sign with ``secret``; addresses begin with ``base_url``."""
        self._secret = secret
        self._base_url = base_url

    def address(self, user_id: int, mails: str = YEAR_END) -> str:
        """Where this person's mails of a kind can be stopped."""
        which = "" if mails == YEAR_END else f"&mails={mails}"
        token = f"{user_id}.{self._signature(str(user_id), mails)}"
        return f"{self._base_url}{PATH}?of={token}{which}"

    def person(self, token: str, mails: str = YEAR_END) -> int | None:
        """Whose address it is, by its ``of`` and ``mails``; None where it is none of ours."""
        user_id, _, signature = token.partition(".")
        if (
            mails not in _PURPOSES
            or not (user_id.isascii() and user_id.isdigit())
            or len(user_id) > 10
        ):
            return None
        if not hmac.compare_digest(signature.encode(), self._signature(user_id, mails).encode()):
            return None
        return int(user_id) if int(user_id) <= _LARGEST_ID else None

    def _signature(self, user_id: str, mails: str) -> str:
        return self._secret.digest(_PURPOSES[mails], user_id)[:_SIGNATURE_DIGITS]


def headers(address: str) -> tuple[str, ...]:
    """The headers by which a mail program offers to stop the mails; none for no address."""
    if not address:
        return ()
    return f"List-Unsubscribe: <{address}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
