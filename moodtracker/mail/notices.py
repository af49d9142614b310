"""What a mail says that is no machine-readable report: does it tell that another one came back.

qmail (QSBMF), and many a provider, say it in words alone, and an absence note comes to the very
same address. So it is told by what it is not: no auto-reply (RFC 3834), nobody's own mail, no
receipt, and no word of a delay or a success.
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from enum import Enum, auto


class Verdict(Enum):
    """What is to be made of it."""

    FAILED = auto()  # a mail server says so
    LIKELY = auto()  # nothing speaks against it: enough where only a bounce would come to
    OTHER = auto()


_DAEMON = re.compile(r"mailer[-_]?daemon|mail[-_]?daemon|postmaster", re.IGNORECASE)
# How qmail's begin, and those of who writes like it.
_QMAIL = re.compile(r"\s*Hi\. This is the\b")
_PERMANENT = re.compile(r"\b(?P<said>5\d\d[ -](?=.*\S).*)$", re.MULTILINE)
_AUTO_REPLY_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Vacation")
_BULK = re.compile(r"\s*(auto[-_]reply|bulk|junk|list)\b", re.IGNORECASE)
_AWAY = re.compile(
    r"\s*auto(matic)?[ -]?(reply|response)?:|automati(c|sche) (reply|antwort)|auto[- ]?reply"
    r"|out of (the )?office|abwesen|r[ée]ponse automatique|absen(ce|t) du bureau"
    r"|respuesta autom[áa]tica|fuera de (la )?oficina|vacation|رد تلقائي",
    re.IGNORECASE,
)
_NOT_YET_OR_WELL = re.compile(
    r"delay|deferred|\bwarning\b|verz[öo]ger|retard|retras|demora|\bsuccess|\berfolgreich"
    r"|^\s*(delivered|relayed|expanded|read|gelesen|lu|le[íi]do):",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"no action is required|attempts will continue|will (continue|keep) (to )?(re)?try"
    r"|will be retried|(do not|don't) need to re(send|submit)",
    re.IGNORECASE,
)


def verdict(mail: Message, text: str, *, has_copy: bool) -> Verdict:
    """What a mail without a machine-readable report is, by its headers and its ``text``.

    ``has_copy``: it has another mail, or its headers, with it.
    """
    subject = _subject(mail)
    kind = str(mail.get_param("report-type", "") or "").lower()
    if mail.get_content_type() == "multipart/report" and kind != "delivery-status":
        # A receipt, a complaint.
        return Verdict.OTHER
    if _NOT_YET_OR_WELL.search(subject) or _STILL_TRYING.search(text):
        return Verdict.OTHER
    is_daemons = bool(_DAEMON.match(parseaddr(str(mail["From"] or ""))[1]))
    if is_daemons and (has_copy or _QMAIL.match(text)):
        return Verdict.FAILED  # also where it calls itself a reply, as some do
    if _is_auto_reply(mail, subject):
        return Verdict.OTHER
    if is_daemons or _has_null_sender(mail):
        return Verdict.LIKELY
    # Who sent it is not known, or somebody did.
    is_unsaid = mail["Return-Path"] is None
    return Verdict.LIKELY if is_unsaid and (has_copy or _PERMANENT.search(text)) else Verdict.OTHER


def words(text: str) -> str:
    """What a mail server said by the way, '' where nothing is found."""
    found = _PERMANENT.search(text)
    return found["said"].strip() if found else ""


def _subject(mail: Message) -> str:
    """As it is read, in whatever letters."""
    written = str(mail["Subject"] or "")
    try:
        return str(make_header(decode_header(written)))
    except (HeaderParseError, LookupError, ValueError):
        return written


def _is_auto_reply(mail: Message, subject: str) -> bool:
    submitted = str(mail["Auto-Submitted"] or "").strip().lower()
    return (
        submitted.startswith("auto-replied")
        or any(mail[name] is not None for name in _AUTO_REPLY_HEADERS)
        or bool(_BULK.match(str(mail["Precedence"] or "")))
        or bool(_AWAY.search(subject))
    )


def _has_null_sender(mail: Message) -> bool:
    return str(mail["Return-Path"] or "").strip() == "<>"
