"""What a mail server's replies to one recipient's mail mean, as one table (Y4).

A reply is a code and words; the second word may be an enhanced code (RFC 2034, RFC 3463), whose
class is the reply code's first digit. Once a recipient was named, no reply proves more than this:
it is the refused mail's own until several recipients in a row fail alike, whomever its words blame,
see :mod:`moodtracker.mail.breaker`. So the table says only what a reply tells of the recipient:
that there is no such mailbox, where it can be about nothing else, or that it is worth coming back.

What is said before, to the connection, to our password or to our sender, is the server's trouble;
see :mod:`moodtracker.mail.smtp`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Phase = Literal["rcpt", "data"]
_BOTH: tuple[Phase, ...] = ("rcpt", "data")


class Whose(Enum):
    """Whose trouble a refusal is, as far as one reply can tell."""

    ADDRESS = "the address is none, or its mailbox is closed"
    MAILBOX = "the mailbox is there, and is full"
    LATER = "come back later, as greylisting says to each new recipient"
    UNCLEAR = "this mail's own, unless others fail alike"


@dataclass(frozen=True, slots=True)
class Rule:
    """Replies that mean the same: the first rule of the table that fits counts.

    ``code`` and ``enhanced`` are patterns for the whole of it; ``enhanced`` is '-' for a reply
    without one, and leaves out the class, which the code tells. ``words`` may stand anywhere in
    the text, in any case; addresses are named there as in :func:`told`. ``said_by`` is where it is
    from.
    """

    phases: tuple[Phase, ...]
    code: str
    enhanced: str
    words: str
    whose: Whose
    said_by: str

    def fits(self, phase: Phase, reply: "Reply", text: str) -> bool:
        """Whether a reply in this phase is meant."""
        return (
            phase in self.phases
            and re.fullmatch(self.code, str(reply.code)) is not None
            and re.fullmatch(self.enhanced, reply.detail or "-") is not None
            and re.search(self.words, text, re.IGNORECASE) is not None
        )


_ANY = ".*"
_BARE = "-"
_CLOSED = r"1\.([1236]|10)|2\.1"
_WHO = r"(user|recipient|mailbox|account|(?<!ip )address)"
_SOMEBODY = (
    r"(user|recipient|mailbox|(?<!ip )address)"  # an account may be the one that we sign in to
)
_NO_MAILBOX = (
    rf"{_WHO}\b.{{0,80}}(unknown|not found|n't exist|not exist)|"
    rf"{_SOMEBODY}\b.{{0,80}}(disabled|inactive|rejected|unavailable|invalid|no longer)|"
    rf"(unknown|invalid|no|nonexistent) (local )?{_WHO}|"
    rf"(no such|not a valid) (local )?({_WHO}|person|domain)|unroute?able"
)
# Then it may be about us: our sender, our name or address, what we may send. "That you tried to
# reach" is said of a mailbox.
_MAY_BE_US = (
    r"\{sender\}|\bsend(er|ing|s)?\b|\bmail from\b|\byour\b|\byou\b(?! (are )?(tried|trying))|"
    r"\bip\b|\b(he|eh)lo\b|\b(host|client)s?\b|(black|block|deny).?list|\bblock|(?<!not )\blisted|"
    r"\blimit|quota|\brate\b|too many|denied|authenticat|\blog-?in|spam|abuse|polic(y|ies)\b|"
    r"reputation|\b(out(going|bound)|originat\w+|envelope|return.path|connect\w*|machine)\b|"
    r"\b(r?dns|ptr|spf|dkim|dmarc|tls|certificate)\b|\d+(\.\d+){3}"
)
_RELAYING = r"relay(?! recipient)|rcpthosts|not a local|unauthenticated"

TABLE: tuple[Rule, ...] = (
    Rule(_BOTH, _ANY, r"2\.2", "", Whose.MAILBOX, "RFC 3463: full, which passes"),
    Rule(_BOTH, _ANY, r"1\.[78]", "", Whose.UNCLEAR, "RFC 3463: our sender; Postfix"),
    # Whatever else the code, greylisting is waited out for each recipient.
    Rule(_BOTH, "4..", _ANY, "", Whose.LATER, "RFC 5321: postgrey, rspamd, Exim, Exchange"),
    Rule(_BOTH, "5..", rf"{_CLOSED}|6\.7|-", _MAY_BE_US, Whose.UNCLEAR, "all who blame us"),
    Rule(_BOTH, "5..", _CLOSED, "", Whose.ADDRESS, "RFC 3463, RFC 7505"),
    Rule(("rcpt",), "5..", r"6\.7", "", Whose.ADDRESS, "RFC 6531: letters that it cannot take"),
    Rule(("rcpt",), "55[0134]", _BARE, _RELAYING, Whose.UNCLEAR, "Exim, qmail: no relaying"),
    Rule(("rcpt",), "55[0134]", _BARE, _NO_MAILBOX, Whose.ADDRESS, "RFC 5321; Exim, qmail"),
    # All else: senders, contents, sizes, policies, block lists, routes, quotas.
    Rule(_BOTH, _ANY, _ANY, "", Whose.UNCLEAR, "RFC 3463 X.1 to X.7; 530, 550, 552, 554"),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, taken apart. ``detail`` is the enhanced code without its class, '' for none."""

    code: int
    detail: str
    text: str

    @classmethod
    def of(cls, code: int, text: bytes | str) -> "Reply":
        """Read a reply: its code, and all its lines without it."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        words = " ".join(text.split())
        found = _SECOND_WORD.match(words)
        if found is None or int(found[1]) != code // 100:
            return cls(code, "", words)
        return cls(code, found[2], words)

    def __str__(self) -> str:
        """As it is said on."""
        return f"{self.code} {self.text}"[:300]


# Cisco's machines write it as #5.1.0.
_SECOND_WORD = re.compile(r"#?([245])\.(\d{1,3}\.\d{1,3})(?=\s|$|:)")
_OWN_WORDS = re.compile(r"^[a-z][a-z'-]*[.,;:!]?$", re.IGNORECASE)


def whose(phase: Phase, reply: Reply, sender: str = "", recipient: str = "") -> Whose:
    """Whose trouble a refusal is; ``sender`` is our own address."""
    text = told(reply.text, sender, recipient)
    return next(rule.whose for rule in TABLE if rule.fits(phase, reply, text))


def told(text: str, sender: str = "", recipient: str = "") -> str:
    """What a reply says, with ``{to}`` for the recipient's address and ``{sender}`` for our own.

    Other addresses and links are left out: what stands in them is none of the server's words. Where
    we write to ourselves, it is the recipient that is named.
    """
    for address, name in ((recipient, "{to}"), (sender, "{sender}")):
        if address:
            alone = rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)"
            text = re.sub(alone, name, text, flags=re.IGNORECASE)
    return _NO_WORDS.sub("", text)


# Links, addresses, and the next server that a relay has asked.
_NO_WORDS = re.compile(r"https?://\S+|[^\s<>()@,;:]{1,64}@[\w.-]+|\bhost \S+ said:", re.IGNORECASE)


def alike(words: str, recipient: str = "") -> str:
    """What refusals have in common that mean the same, by their words as :class:`Reply` says them.

    The enhanced code alone where there is one; that it is about relaying; else the code and the
    words, without what differs from mail to mail: addresses, the recipient's name, numbers, the
    names that servers give to mails.
    """
    code, _, text = words.partition(" ")
    if code.isdigit():
        reply = Reply.of(int(code), text)
        if reply.detail:
            return f"{code[0]}.{reply.detail}"
    common = " ".join(_common(words, recipient)).lower()
    if code.isdigit() and re.search(_RELAYING, common):
        return f"{code[0]} relaying"
    return common[:120]


def _common(words: str, recipient: str) -> Iterator[str]:
    first, *rest = words.split()
    yield first
    local = recipient.rpartition("@")[0].lower()
    names = {local, *re.split(r"[._+-]", local)}
    for word in rest:
        if _OWN_WORDS.match(word) and (kept := word.rstrip(".,;:!")).lower() not in names:
            yield kept
