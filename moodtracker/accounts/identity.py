"""Who somebody is at the identity provider, and what can go wrong on the way there and back.

Kept apart from `provider.py`, which brings Authlib along and is loaded only where it is used.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moodtracker.accounts.folding import fold_address, is_plain
from moodtracker.mail_address import check_address

_LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, 2
_LONGEST_CLAIM = 500
# What names somebody, a session or a token, and when something was or is to be.
_NAMES = ("iss", "sub", "sid", "jti", "nonce")
_MOMENTS = ("exp", "iat", "nbf", "auth_time")
_LATEST = 2**33  # seconds since 1970, in the year 2242


class ProviderDown(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """The provider cannot be reached, or does not answer as OpenID Connect has it."""


class ProviderRefused(Exception):  # noqa: N818
    """The provider did not sign the person in; ``code`` says why (RFC 6749, 4.1.2.1)."""

    def __init__(self, code: str) -> None:
        """Keep the error's code, such as 'access_denied'."""
        super().__init__(code)
        self.code = code


class NotBelieved(Exception):  # noqa: N818
    """What came back does not prove who it is: forged, too old, or meant for somebody else."""


class AttemptOver(Exception):  # noqa: N818
    """Nobody set out from this browser, or so long ago that it does not count, or it was used."""


class IdentityTaken(Exception):  # noqa: N818
    """The identity, or its address, belongs to another account here."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody at the provider. Only ``issuer`` and ``subject`` together name a person for good.

    ``email`` is folded; it is None where the provider does not vouch for it, and what it was told
    then stands in ``claimed_email``. The names and the zone are wishes, to be checked like a form.
    ``auth_time`` is when they last proved who they are, in seconds since 1970, 0 if not told.
    """

    issuer: str
    subject: str
    email: str | None = None
    claimed_email: str = ""
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    zone: str = ""
    auth_time: int = 0
    id_token: str = ""

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any], id_token: str) -> "Identity":
        """Read the standard claims (OpenID Connect Core 1.0, 5.1); what is missing stays empty.

        Raises :class:`NotBelieved` where there is no subject.
        """
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise NotBelieved("no subject")
        email = _address(claims)
        first_name = _text(claims, "given_name") or _text(claims, "name")
        auth_time = claims.get("auth_time")
        return cls(
            issuer=_text(claims, "iss"),
            subject=subject,
            email=email if email and _is_verified(claims) else None,
            claimed_email=email,
            username=_text(claims, "preferred_username").partition("@")[0],
            first_name=first_name,
            last_name=_text(claims, "family_name") if _text(claims, "given_name") else "",
            zone=_text(claims, "zoneinfo"),
            auth_time=int(auth_time) if isinstance(auth_time, int | float) else 0,
            id_token=id_token,
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """The provider has signed somebody out.

    ``sid`` names which of their sessions, '' all; ``subject`` is '' where the session alone is
    named. ``token`` names what told it, which tells nothing once it is ``over``.
    """

    issuer: str
    subject: str
    sid: str
    token: str
    over: datetime


def check(claims: Mapping[str, Any]) -> None:
    """Look whether what a signed token says can be kept, and reckoned with.

    Every token comes through here, whoever signed it. Raises :class:`NotBelieved` for a name with
    NUL or half of a character in it, which no database keeps, and for a moment out of all time.
    """
    for name in _NAMES:
        value = claims.get(name)
        if isinstance(value, str) and not _can_be_kept(value):
            raise NotBelieved(f"its {name} cannot be kept")
    for name in _MOMENTS:
        value = claims.get(name)
        if isinstance(value, int | float) and not 0 <= value <= _LATEST:  # NaN is neither
            raise NotBelieved(f"its {name} is no time")


def sid_in(id_token: str) -> str:
    """Which session at the provider an ID token, proved before, came from; '' where not told."""
    try:
        payload = id_token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return ""
    return _text(claims, "sid") if isinstance(claims, dict) else ""


def _is_verified(claims: Mapping[str, Any]) -> bool:
    said = claims.get("email_verified")
    return said is True or said == "true"  # some providers write the boolean as a string


def _address(claims: Mapping[str, Any]) -> str:
    try:
        given = check_address(_text(claims, "email")).normalized
    except ValueError:
        return ""
    return fold_address(given) if is_plain(given) else ""


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST_CLAIM or not _can_be_kept(value):
        return ""
    return value.strip()


def _can_be_kept(text: str) -> bool:
    """Whether a database takes it: PostgreSQL no NUL, and neither of them half a character."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)
