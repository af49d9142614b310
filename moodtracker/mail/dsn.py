"""Reading the report of a mail that could not be delivered (RFC 3464, in a multipart/report of
RFC 6522, with the mail itself or its headers alone).

Whatever comes in was written by strangers: nothing here believes it, see
:mod:`~moodtracker.mail.bounces`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses

from moodtracker.mail.message import in_one_line

LARGEST = 8 * 1024 * 1024
_LONGEST_WORDS = 300
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global")
_RETURNED_HEADERS = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
# Where the server writes whom it was delivered to.
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_FAILED = "failed"


class NoReport(ValueError):  # noqa: N818
    """It is no mail at all, or a report that says nothing; the text says which."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail says of another one.

    ``has_failed``: it was given up, so that it never arrives; not only late, or handed on.
    ``words`` are the last server's, in one line. ``message_id`` and ``returned_to`` are of the mail
    that came back: its Message-ID with brackets, and the address in its To; '' where not told.
    """

    delivered_to: tuple[str, ...]
    has_failed: bool
    words: str
    message_id: str
    returned_to: str


def read(content: bytes) -> Report:
    """Read a mail; one that is no report has not failed. Raises :class:`NoReport`."""
    if not content.strip():
        raise NoReport("There is nothing to read: give the mail on standard input.")
    if len(content) > LARGEST:
        raise NoReport(f"It is larger than {LARGEST // 1024 // 1024} MB, which no report is.")
    # A mailbox's own first line is no header.
    message = message_from_bytes(re.sub(rb"\A(\s*From [^\n]*\n)", b"", content).lstrip())
    if not message.keys():
        raise NoReport("It is no mail: it does not begin with headers.")
    parts = list(message.walk())
    statuses = [part for part in parts if part.get_content_type() in _STATUS]
    blocks = [block for part in statuses for block in _blocks(part) if block["Action"]]
    if statuses and not blocks:
        raise NoReport("It is a report that says of nobody what became of the mail.")
    failed = [block for block in blocks if _said(block, "Action").lower() == _FAILED]
    # Old versions of Exim say it by this header alone.
    gave_up = not statuses and bool(message["X-Failed-Recipients"])
    returned = next(_returned(parts), None)
    return Report(
        tuple(_addresses(message, *_DELIVERED_TO)),
        bool(failed) or gave_up,
        _words(failed[0]) if failed else "",
        _said(returned, "Message-ID") if returned else "",
        next(_addresses(returned, "To"), "") if returned else "",
    )


def _blocks(part: Message) -> list[Message]:
    """The fields about each recipient, and those about the report itself."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    decoded = part.get_payload(decode=True)
    text = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
    return [message_from_string(block) for block in re.split(r"\r?\n\s*\n", text)]


def _returned(parts: list[Message]) -> Iterator[Message]:
    """The mail that came back, or what is left of it."""
    for part in parts[1:]:
        if part.get_content_type() in _RETURNED:
            payload = part.get_payload()
            if isinstance(payload, list) and payload and isinstance(payload[0], Message):
                yield payload[0]
        if part.get_content_type() in (*_RETURNED, *_RETURNED_HEADERS):
            decoded = part.get_payload(decode=True)
            if isinstance(decoded, bytes):
                yield message_from_string(decoded.decode("utf-8", "replace").lstrip())
    # Without parts it stands below a line that says so.
    for part in parts:
        if part.get_content_type() == "text/plain":
            decoded = part.get_payload(decode=True)
            text = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
            if begins := re.search(r"^Message-ID:", text, re.IGNORECASE | re.MULTILINE):
                block = text[: begins.start()].rpartition("\n\n")[2] + text[begins.start() :]
                yield message_from_string(block)


def _words(block: Message) -> str:
    """What the server said: without the type before it, and in one line."""
    said = _said(block, "Diagnostic-Code") or _said(block, "Status")
    return re.sub(r"^[\w-]+\s*;\s*", "", said)[:_LONGEST_WORDS]


def _said(block: Message, name: str) -> str:
    return in_one_line(str(block.get(name, "")))


def _addresses(message: Message, *names: str) -> Iterator[str]:
    for name in names:
        for _, address in getaddresses([str(value) for value in message.get_all(name, [])]):
            if "@" in address:
                yield address
