"""Reading the report of a mail that could not be delivered (RFC 3464, in a multipart/report of
RFC 6522, with the mail itself or its headers alone), or a notice of it in words.

Whatever comes in was written by strangers: nothing here believes it, see
:mod:`~moodtracker.mail.bounces`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses

from moodtracker.mail import notices
from moodtracker.mail.message import in_one_line
from moodtracker.mail.notices import Verdict

LARGEST = 8 * 1024 * 1024
_LONGEST_WORDS = 300
_LONGEST_NOTICE = 64 * 1024
# As :class:`_Mail` names them.
_STATUS = ("text/delivery-status", "text/global-delivery-status")
_WHOLE = ("text/rfc822", "text/global")
_RETURNED = (*_WHOLE, "text/rfc822-headers", "text/global-headers")
# Where the server writes whom it was delivered to.
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_FAILED = "failed"
_ACTIONS = (_FAILED, "delayed", "delivered", "relayed", "expanded")
_DEEPEST = 4  # so often may a report be forwarded as an attachment
# A mailbox's own first line, and a byte order mark, are no header.
_BEFORE_HEADERS = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:>?From [^\n]*\n\s*)?")
_COPY = re.compile(r"^Message-ID:", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_COMMENT = re.compile(r"\([^()]*\)")
# The class of a status, such as 5.1.1, or of a server's reply; 5 is for good (RFC 3463).
_CLASS = re.compile(r"\s*(?:[\w-]+\s*;\s*)?([245])(?:\.\d|\d\d\b)")


class NoReport(ValueError):  # noqa: N818
    """It is no mail at all, or a report that says nothing; the text says which."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mail to one recipient.

    ``recipients`` are the names that the report has for them, in lower case; none where it has
    none. ``has_failed``: it was given up, so that it never arrives; not only late, or handed on.
    ``words`` are the last server's, in one line.
    """

    recipients: tuple[str, ...]
    has_failed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail says of another one.

    ``fates`` is what it says of each recipient. ``likely`` is what it says where only bounces come
    to, though elsewhere it might be any mail; None where it is something else. ``message_id`` and
    ``returned_to`` are of the mail that came back: its Message-ID with brackets, and the address
    in its To; '' where not told.
    """

    delivered_to: tuple[str, ...]
    fates: tuple[Fate, ...]
    likely: Fate | None
    message_id: str
    returned_to: str

    def failure(self, address: str = "", *, is_signed: bool = False) -> Fate | None:
        """How the mail to ``address`` failed, or any where it is not known; None: it did not.

        Where the report names the address, only what it says of it counts: the mail may have been
        handed on to others. ``is_signed``: it came to an address that only bounces come to.
        """
        ours = [fate for fate in self.fates if address.lower() in fate.recipients]
        failed = next((fate for fate in ours or self.fates if fate.has_failed), None)
        return failed or (self.likely if is_signed else None)


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
    blocks = [block for part in statuses for block in _blocks(part)]
    fates = tuple(filter(None, map(_fate, blocks)))
    if statuses and not fates:
        raise NoReport("It is a report that says of nobody what became of the mail.")
    returned = next(_returned(parts), None)
    likely = None
    if not statuses and (verdict := _verdict(message, parts, returned)) is not Verdict.OTHER:
        words = in_one_line(notices.words(_said_first(parts)))[:_LONGEST_WORDS]
        fate = Fate(tuple(_failed_recipients(message)), has_failed=True, words=words)
        fates, likely = ((fate,), None) if verdict is Verdict.FAILED else ((), fate)
    return Report(
        tuple(dict.fromkeys(_delivered_to(outer, message))),
        fates,
        likely,
        _returned_id(returned, blocks, message),
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
    if any(part.get_content_type() in _STATUS for part in parts):
        return message
    if _verdict(message, parts, next(_returned(parts), None)) is Verdict.FAILED:
        return message
    attached = [part for part in parts[1:] if _is_mail(part)] if deepest else []
    found = (_report(_parsed(_bytes(part)), deepest - 1) for part in attached)
    return next(filter(None, found), None)


def _is_mail(part: Message) -> bool:
    """Whether a part is a mail, also one that a mail program attached as a file of any kind."""
    return part.get_content_type() in _WHOLE or (part.get_filename() or "").lower().endswith(".eml")


def _verdict(message: Message, parts: list[Message], returned: Message | None) -> Verdict:
    """What a mail without a machine-readable part says; Exim says it by a header of its own."""
    if message["X-Failed-Recipients"]:
        return Verdict.FAILED
    return notices.verdict(message, _said_first(parts), has_copy=returned is not None)


def _said_first(parts: list[Message]) -> str:
    """The first text, up to a mail that is copied below it."""
    texts = (_text(part) for part in parts if part.get_content_type() == "text/plain")
    return _COPY.split(next(texts, "")[:_LONGEST_NOTICE], maxsplit=1)[0]


def _failed_recipients(message: Message) -> Iterator[str]:
    for address in _addresses(message, "X-Failed-Recipients"):
        yield address.lower()


def _bytes(part: Message) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _text(part: Message) -> str:
    """In UTF-8, or in what older servers write."""
    content = _bytes(part)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n")


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
            if begins := _COPY.search(text):
                block = text[: begins.start()].rpartition("\n\n")[2] + text[begins.start() :]
                yield message_from_string(block)


def _fate(block: Message) -> Fate | None:
    """What fields say of a recipient; None where they are about the report itself."""
    action = _action(block)
    if action not in _ACTIONS:  # which some leave out: then its status tells
        said = (_CLASS.match(_said(block, name)) for name in ("Status", "Diagnostic-Code"))
        status = next(filter(None, said), None)
        if status is None:
            return None
        action = _FAILED if status[1] == "5" else "delayed"
    named = (_said(block, name) for name in ("Original-Recipient", "Final-Recipient"))
    recipients = [said.rpartition(";")[2].strip(" <>").lower() for said in named if said]
    return Fate(tuple(recipients), action == _FAILED, _words(block))


def _action(block: Message) -> str:
    """What became of a mail: the first word that is no comment (RFC 3464, 2.3.3)."""
    said, comments = _said(block, "Action")[:_LONGEST_WORDS].lower(), 1
    while comments:
        said, comments = _COMMENT.subn(" ", said)
    found = re.match(r"[a-z]+", said.strip())
    return found[0] if found else ""


def _returned_id(returned: Message | None, blocks: list[Message], message: Message) -> str:
    """The Message-ID of the mail that came back, or what a report says of it elsewhere."""
    found = [_message_id(returned, "Message-ID")] if returned else []
    found += [_message_id(block, "X-Original-Message-ID") for block in blocks]
    found.append(_message_id(message, "In-Reply-To"))
    return next(filter(None, found), "")


def _message_id(mail: Message, name: str) -> str:
    """Without what a server adds behind it."""
    said = _said(mail, name)
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
