"""Where a mail comes back to that cannot be delivered: an address that says which mail it was.

It is the envelope's sender (RFC 5321, 4.1.1.2), BOUNCE_ADDRESS with a tag in its local part, such
as `bounce+y12-2026-0123456789abcdef@example.org`. The tag is signed, since whoever can make one can
have a board held; so only who carried the mail, or got it, can. A board's is signed over the
address that it went to, and is worth nothing once it went to another. Local parts are written in
lower case on the way, and have 64 octets at most (RFC 5321, 4.5.3.1.1).
"""

import hmac
import re
from dataclasses import dataclass

from moodtracker.secret import Secret

PLACE = "{}"
_SIGNATURE_DIGITS = 16
_TAG = re.compile(
    r"(?P<kind>[ym])(?P<user>\d{1,10})-(?P<key>[0-9a-f]{4,16})-(?P<sign>[0-9a-f]{16})"
)
_LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Tag:
    """What an address says: whose mail, and which; not yet whether it is to be believed."""

    user_id: int
    key: str  # a board's year, a message's id
    is_board: bool
    signature: str


class ReturnAddresses:
    """Makes them, and knows them again."""

    def __init__(self, secret: Secret, bounce_address: str | None) -> None:
        """``bounce_address`` has a place for the tag; without one mails come back to MAIL_FROM."""
        self._secret = secret
        self._pattern: re.Pattern[str] | None = None
        self._template = bounce_address or ""
        if bounce_address:
            before, _, after = map(re.escape, self._template.lower().partition(PLACE))
            self._pattern = re.compile(f"{before}{_TAG.pattern}{after}")

    @property
    def are_read(self) -> bool:
        """Whether the operator has said where bounces come back to."""
        return self._pattern is not None

    def of_board(self, user_id: int, year: int, address: str) -> str | None:
        """Where a board that is mailed to ``address`` comes back to; None for MAIL_FROM."""
        return self._address(f"y{user_id}-{year}", f"{user_id} {year} {address.lower()}")

    def of_message(self, user_id: int, message_id: str) -> str | None:
        """Where another mail comes back to, by the id of its row; None for MAIL_FROM."""
        return self._address(f"m{user_id}-{message_id}", f"{user_id} {message_id}")

    def of_nobody(self) -> str | None:
        """Where a mail comes back to that is a trial of the others; None for MAIL_FROM."""
        return self.of_message(0, "0" * 16)

    def read(self, address: str) -> Tag | None:
        """What a recipient's address says, None where it is none of these."""
        bare = address.strip().removeprefix("<").removesuffix(">").lower()
        found = self._pattern and self._pattern.fullmatch(bare)
        if not found or int(found["user"]) > _LARGEST_ID:
            return None
        is_board = found["kind"] == "y"
        if is_board and not re.fullmatch(r"\d{4}", found["key"]):
            return None
        return Tag(int(found["user"]), found["key"], is_board, found["sign"])

    def holds(self, tag: Tag, address: str = "") -> bool:
        """Whether a tag was made here; a board's for a mail to ``address``."""
        signed = f"{tag.user_id} {tag.key}" + (f" {address.lower()}" if tag.is_board else "")
        return hmac.compare_digest(tag.signature, self._signature(signed))

    def _address(self, named: str, signed: str) -> str | None:
        if not self._template:
            return None
        return self._template.replace(PLACE, f"{named}-{self._signature(signed)}")

    def _signature(self, signed: str) -> str:
        return self._secret.digest("return address", signed)[:_SIGNATURE_DIGITS]
