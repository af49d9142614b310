"""What every mail is made of (RFC 5322, MIME): headers that hold, templates, names of its parts."""

import hashlib
import unicodedata
from datetime import datetime
from email import policy
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from moodtracker.language import direction, gettext, spoken
from moodtracker.mail.smtp import ascii_address

_TEMPLATES = Path(__file__).resolve().parents[2] / "assets" / "mail"

# Control characters, halves of surrogate pairs, and line and paragraph separators.
_NOT_IN_A_NAME = {"Cc", "Cs", "Zl", "Zp"}


def begin(
    *, name: str, address: str, sender: str, subject: str, message_id: str, date: datetime
) -> EmailMessage:
    """A message with its headers and no content yet.

    ``name`` is a person's, as they typed it; ``sender`` is "a@b" or "Name <a@b>"; ``message_id``
    has its angle brackets; ``date`` is aware. Lines will end in CRLF; headers are in 7 bits unless
    the local part of ``address`` is not ASCII (RFC 6531). Raises ValueError where an address is
    none.
    """
    message = EmailMessage(policy.SMTP if address.isascii() else policy.SMTPUTF8)
    sender_name, sender_address = parseaddr(sender)
    message["From"] = _mailbox(in_one_line(sender_name), ascii_address(sender_address))
    message["To"] = _mailbox(in_one_line(name), address)
    message["Subject"] = in_one_line(subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    return message


def render(template: str, words: dict[str, Any]) -> str:
    """A template of assets/mail with these words; in HTML they are escaped."""
    return _environment().get_template(template).render(words)


def in_one_line(text: str) -> str:
    """``text`` without anything that could end a header, not be encoded, or be decoded.

    What looks like an encoded word (RFC 2047) is broken: Python reads it as one, and before the fix
    of CVE-2024-6923 it writes the line breaks in it as they are.
    """
    kept = (
        " " if unicodedata.category(character) in _NOT_IN_A_NAME else character
        for character in text
    )
    return " ".join("".join(kept).split()).replace("=?", "= ?")


class Names:
    """The names of a message's parts: unlikely to stand in its text, and the same on each try."""

    def __init__(self, message_id: str) -> None:
        """Derive them from the message's own name."""
        self._seed = message_id

    def boundary(self, part: str) -> str:
        """What stands between the parts of a multipart (RFC 2046, 5.1.1)."""
        return f"=_{self._hash(part)}"

    @property
    def content_id(self) -> str:
        """What the HTML calls its picture by (RFC 2392)."""
        return self.content_id_of("picture")

    def content_id_of(self, part: str) -> str:
        """What the HTML calls one of several pictures by."""
        return f"{self._hash(part)}@moodtracker"

    def _hash(self, part: str) -> str:
        return hashlib.sha256(f"{part} {self._seed}".encode()).hexdigest()[:32]


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    try:
        if local and domain and address.isascii():
            return Address(name, addr_spec=address)
        if local and domain:
            # What takes an addr_spec apart knows ASCII alone.
            return Address(name, local, domain)
    except (HeaderParseError, IndexError, ValueError):
        pass  # as below
    raise ValueError(f"not a mail address: {address!r}")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(_=gettext, language=spoken, direction=direction)
    return environment
