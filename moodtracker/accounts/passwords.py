"""Passwords: hashed with Argon2id (RFC 9106), never kept or logged."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256

_hasher = PasswordHasher()  # RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes


def hash_password(password: str) -> str:
    """The hash to store, with its own random salt and parameters."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether ``password`` is the one that was hashed.

    Takes as long where nothing is stored, so that the time does not tell who has an account.
    """
    try:
        is_right = _hasher.verify(_nobodys_hash() if stored is None else stored, password)
    except (VerificationError, InvalidHashError, UnicodeError):
        return False
    return is_right and stored is not None


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("nobody's password")
