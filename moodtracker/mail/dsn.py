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
# As :class:`_Mail` names them.
_STATUS = ("text/delivery-status", "text/global-delivery-status")
_WHOLE = ("text/rfc822", "text/global")
_RETURNED = (*_WHOLE, "text/rfc822-headers", "text/global-headers")
# Where the server writes whom it was delivered to.
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_FAILED = "failed"
_DEEPEST = 4  # so often may a report be forwarded as an attachment
# A mailbox's own first line, and a byte order mark, are no header.
_BEFORE_HEADERS = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:>?From [^\n]*\n\s*)?")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_COMMENT = re.compile(r"\([^()]*\)")


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
    outer = _parsed(content)
    if not outer.keys():
        raise NoReport("It is no mail: it does not begin with headers.")
    message = _report(outer, _DEEPEST) or outer
    parts = list(message.walk())
    statuses = [part for part in parts if part.get_content_type() in _STATUS]
    blocks = [block for part in statuses for block in _blocks(part) if block["Action"]]
    if statuses and not blocks:
        raise NoReport("It is a report that says of nobody what became of the mail.")
    failed = [block for block in blocks if _action(block) == _FAILED]
    # Old versions of Exim say it by this header alone.
    gave_up = not statuses and bool(message["X-Failed-Recipients"])
    returned = next(_returned(parts), None)
    return Report(
        tuple(dict.fromkeys(_delivered_to(outer, message))),
        bool(failed) or gave_up,
        _words(failed[0]) if failed else "",
        _message_id(returned) if returned else "",
        next(_addresses(returned, "To"), "") if returned else "",
    )


class _Mail(Message):
    """A mail whose parts of type message are text: read as they are sent, also in base64.

    The standard library reads them as mails at once, before they are decoded, although RFC 6532
    and RFC 6533 allow that they are encoded.
    """

    def get_content_type(self) -> str:
        """The type of a part, message/... as text/..."""
        return super().get_content_type().replace("message/", "text/", 1)


def _parsed(content: bytes) -> Message:
    return message_from_bytes(_BEFORE_HEADERS.sub(b"", content, count=1), _Mail)


def _report(message: Message, deepest: int) -> Message | None:
    """The mail that is a report: this one, or one that it forwards as an attachment."""
    parts = list(message.walk())
    if message["X-Failed-Recipients"] or any(p.get_content_type() in _STATUS for p in parts):
        return message
    attached = [part for part in parts if part.get_content_type() in _WHOLE] if deepest else []
    found = (_report(_parsed(_bytes(part)), deepest - 1) for part in attached)
    return next(filter(None, found), None)


def _bytes(part: Message) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _text(part: Message) -> str:
    """In UTF-8, or in what older servers write."""
    content = _bytes(part)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _blocks(part: Message) -> list[Message]:
    """The fields about each recipient, and those about the report itself."""
    blocks = map(str.strip, _BLANK_LINE.split(_text(part)))
    return [message_from_string(block) for block in blocks if block]


def _returned(parts: list[Message]) -> Iterator[Message]:
    """The mail that came back, or what is left of it."""
    for part in parts[1:]:
        if part.get_content_type() in _RETURNED:
            yield _parsed(_bytes(part))
    # Without parts it stands below a line that says so.
    for part in parts:
        if part.get_content_type() == "text/plain":
            text = _text(part)
            if begins := re.search(r"^Message-ID:", text, re.IGNORECASE | re.MULTILINE):
                block = text[: begins.start()].rpartition("\n\n")[2] + text[begins.start() :]
                yield message_from_string(block)


def _action(block: Message) -> str:
    """What became of a mail: the first word that is no comment (RFC 3464, 2.3.3)."""
    said, comments = _said(block, "Action")[:_LONGEST_WORDS].lower(), 1
    while comments:
        said, comments = _COMMENT.subn(" ", said)
    found = re.match(r"[a-z]+", said.strip())
    return found[0] if found else ""


def _message_id(returned: Message) -> str:
    """Without what a server adds behind it."""
    said = _said(returned, "Message-ID")
    found = re.search(r"<[^<>]+>", said)
    return found[0] if found else said


def _delivered_to(*mails: Message) -> Iterator[str]:
    for mail in mails:
        yield from _addresses(mail, *_DELIVERED_TO)


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
