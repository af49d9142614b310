"""The setup code: what the first person shows, to be told from a stranger who comes first.

It stands in the log of whoever starts the server, and is derived from the server's secret, so that
it is the same on every instance and after every start.
"""

import base64
import hmac

from moodtracker.secret import Secret

_BYTES = 10
_GROUP = 4


def of(secret: Secret) -> str:
    """The code of this server, such as 'ABCD-EFGH-IJKL-MNOP' (80 bits, base32 of RFC 4648)."""
    letters = base64.b32encode(bytes.fromhex(secret.key("setup code"))[:_BYTES]).decode()
    return "-".join(letters[n : n + _GROUP] for n in range(0, len(letters), _GROUP))


def matches(typed: str, code: str) -> bool:
    """Whether it was typed right, in any case of letters, with or without dashes and spaces."""
    return hmac.compare_digest(_bare(typed).encode(), _bare(code).encode())


def _bare(code: str) -> str:
    return "".join(character for character in code if character.isalnum()).upper()
