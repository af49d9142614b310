"""Whose trouble a refusal is: each kind of reply, said by a real server; each rule of the table."""

import pytest

from moodtracker.mail import replies
from moodtracker.mail.replies import TABLE, Reply, Whose, alike, told
from moodtracker.mail.smtp import MailRefused, Smtp

SENDER, PERSON = "mood@example.org", "ada@example.org"
ADDRESS, MAILBOX = Whose.ADDRESS, Whose.MAILBOX
LATER, UNCLEAR = Whose.LATER, Whose.UNCLEAR

REPLIES = [
    # The sender, refused late.
    ("rcpt", "550 5.1.0 <mood@example.org>: Sender address rejected: User unknown", UNCLEAR),
    ("rcpt", "550 5.1.0 <mood@example.org>: rejected", UNCLEAR),
    ("rcpt", "550 5.1.1 <mood@example.org>: Sender address rejected: User unknown", UNCLEAR),
    ("rcpt", "550 5.1.7 bad sender", UNCLEAR),
    ("rcpt", "450 4.1.7 <mood@example.org>: Sender address rejected: unverified", UNCLEAR),
    ("rcpt", "450 4.1.8 <mood@example.org>: Sender address rejected: Domain not found", UNCLEAR),
    ("rcpt", "553 5.7.1 <mood@example.org>: Sender address rejected: not owned by user x", UNCLEAR),
    ("rcpt", "550 Sender verify failed", UNCLEAR),  # Exim
    ("rcpt", "550 Verification failed for <mood@example.org>", UNCLEAR),
    ("rcpt", "550 <mood@example.org> is not welcome", UNCLEAR),
    ("rcpt", "550 5.2.1 mood@example.org: sender account is disabled", UNCLEAR),
    ("rcpt", "550 5.1.2 mood@example.org: sender domain not found", UNCLEAR),
    ("rcpt", "550 5.1.1 No such user - mood@example.org", UNCLEAR),
    ("rcpt", "550 5.1.2 sender domain not found", UNCLEAR),
    ("rcpt", "550 no such sender", UNCLEAR),
    ("rcpt", "530 5.7.1 Authentication required", UNCLEAR),
    ("data", "554 5.2.252 SendAsDenied; mood@example.org not allowed to send as", UNCLEAR),
    ("data", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", UNCLEAR),
    ("rcpt", "550 5.1.90 Your message can't be sent because you've reached your limit", UNCLEAR),
    ("data", "550 5.7.501 Access denied, spam abuse detected", UNCLEAR),
    ("data", "550 5.7.708 Access denied, traffic not accepted from this IP", UNCLEAR),
    # Quotas, and hosts that take no mail.
    ("rcpt", "550 5.4.5 Daily user sending limit exceeded", UNCLEAR),
    ("data", "550 5.4.5 Daily sending quota exceeded", UNCLEAR),
    ("content", "554 5.3.2 not now", UNCLEAR),
    # The message.
    ("data", "552 5.3.4 too much mail data", UNCLEAR),
    ("data", "552 5.2.3 Your message exceeded Google's message size limits", UNCLEAR),
    ("data", "552 Message size exceeds maximum permitted", UNCLEAR),
    ("rcpt", "552 message size exceeds what this mailbox takes", UNCLEAR),
    ("data", "550 5.7.1 Message rejected by content filter", UNCLEAR),
    ("data", "550 5.7.26 This mail is unauthenticated (DMARC)", UNCLEAR),
    ("data", "554 5.6.0 Reject, id=1 - BAD-HEADER", UNCLEAR),
    ("data", "554 Transaction failed", UNCLEAR),
    ("data", "550 This message was classified as spam", UNCLEAR),
    # The address.
    ("rcpt", "550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown", ADDRESS),
    ("rcpt", "550 5.1.2 <ada@example.org>: Domain not found", ADDRESS),
    ("rcpt", "553 5.1.3 bad address", ADDRESS),
    ("rcpt", "551 5.1.6 moved, no forwarding", ADDRESS),
    ("rcpt", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", ADDRESS),  # Exchange
    ("rcpt", "556 5.1.10 Domain has null MX", ADDRESS),  # RFC 7505
    ("rcpt", "550 5.2.1 The email account that you tried to reach is disabled", ADDRESS),
    ("rcpt", "553 5.6.7 Address not permitted", ADDRESS),  # RFC 6531
    ("rcpt", "550 no such user", ADDRESS),
    ("rcpt", "550 Unknown user", ADDRESS),
    ("rcpt", "550 Unrouteable address", ADDRESS),  # Exim
    ("rcpt", "553 Invalid recipient", ADDRESS),
    ("rcpt", "550 Requested action not taken: mailbox unavailable", ADDRESS),
    ("rcpt", "550 The email account does not exist here", ADDRESS),
    ("rcpt", "550 sorry, no mailbox here by that name", ADDRESS),  # qmail
    ("rcpt", "550 No Such User Here", ADDRESS),  # cPanel
    ("rcpt", "550 5.1.1 <ada@example.org>... User unknown", ADDRESS),  # Sendmail
    ("rcpt", "550 5.1.1 <ada@example.org> User doesn't exist: ada@example.org", ADDRESS),  # Dovecot
    ("rcpt", "550 <ada@example.org>: User unknown in relay recipient table", ADDRESS),
    ("rcpt", "550 5.1.1 User ada (ada@example.org) not listed in Domino Directory", ADDRESS),
    (
        "rcpt",
        "550 5.1.1 The email account that you tried to reach does not exist. Please try "
        "double-checking the recipient's email address for typos or unnecessary spaces. For more "
        "information, go to https://support.google.example/mail/?p=NoSuchUser a1-2sor - gsmtp",
        ADDRESS,
    ),
    (
        "rcpt",
        "550 Requested action not taken: mailbox unavailable For explanation visit "
        "https://postmaster.gmx.example/error-messages?ip=192.0.2.1&c=rfu",
        ADDRESS,
    ),
    (
        "rcpt",
        "550 5.1.1 <ada@example.org>: Recipient address rejected: undeliverable address: host "
        "mx.example.com[192.0.2.9] said: 550 5.1.1 no such user (in reply to RCPT TO command)",
        ADDRESS,
    ),
    # Its mailbox.
    ("rcpt", "452 4.2.2 full", MAILBOX),
    ("rcpt", "552 5.2.2 mailbox full", MAILBOX),
    ("data", "552 5.2.2 mailbox full", MAILBOX),
    ("rcpt", "450 4.2.1 The user you are trying to contact is receiving mail too quickly", LATER),
    ("rcpt", "552 Requested mail action aborted", UNCLEAR),
    # Said for one recipient alone, whomever they blame.
    ("rcpt", "550 5.7.1 You are not allowed to send to this recipient", UNCLEAR),
    ("rcpt", "550 mood@example.org is blocked by the recipient", UNCLEAR),
    ("rcpt", "550 Sender is not allowed to mail this recipient", UNCLEAR),
    ("rcpt", "550 Sender denied by the recipient's blacklist", UNCLEAR),
    ("rcpt", "550 5.1.0 Mail from mood@example.org rejected by recipient's block list", UNCLEAR),
    ("rcpt", "550 <mood@example.org>: Sender address rejected: blocked by recipient", UNCLEAR),
    ("rcpt", "530 5.7.1 Recipient mailbox requires authentication of sender", UNCLEAR),
    ("data", "554 5.7.1 attachment blocked, please resend as plain text", UNCLEAR),
    ("data", "550 Attachment type not allowed, send as zip", UNCLEAR),
    # Greylisting, and whatever else may be over in a while.
    ("rcpt", "451 4.3.0 deferred, try again in 300 seconds", LATER),
    ("rcpt", "421 4.7.0 try again later", LATER),
    ("rcpt", "452 4.3.1 Insufficient system storage", LATER),
    ("rcpt", "450 4.4.1 later", LATER),
    ("rcpt", "451 4.5.1 wait", LATER),
    ("rcpt", "421 later", LATER),
    ("rcpt", "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", LATER),
    ("data", "450 4.3.2 This mailbox is being moved", LATER),
    ("rcpt", "450 4.2.0 <ada@example.org>: Recipient address rejected: Greylisted", LATER),
    ("rcpt", "451 4.7.1 Greylisting in action, please come back later", LATER),
    ("data", "451 4.7.1 Try again later", LATER),  # rspamd
    ("rcpt", "451 temporarily deferred", LATER),  # Exim
    ("rcpt", "450 busy", LATER),
    ("rcpt", "450 4.1.1 <ada@example.org>: unverified address: in progress", LATER),
    ("rcpt", "421 4.7.1 greylisted", LATER),
    # All else.
    ("rcpt", "550 relay not permitted", UNCLEAR),  # Exim
    ("rcpt", "553 sorry, that domain isn't in my list of allowed rcpthosts", UNCLEAR),  # qmail
    ("rcpt", "550 that user does not exist, and relaying is denied", UNCLEAR),
    ("rcpt", "550 Your IP address is rejected", UNCLEAR),
    ("rcpt", "550 Unknown client host", UNCLEAR),
    ("rcpt", "550 invalid HELO; no such host", UNCLEAR),
    ("rcpt", "550 not a valid HELO", UNCLEAR),
    ("rcpt", "550 Host unknown; no such domain for your IP", UNCLEAR),
    ("rcpt", "550 Recipient rejected: your sending IP address is listed", UNCLEAR),
    ("rcpt", "550 Blocked: this address is on a blacklist; recipient rejected your host", UNCLEAR),
    ("rcpt", "550 account rejected: sending limit exceeded for mood", UNCLEAR),
    ("rcpt", "552 sending quota exceeded", UNCLEAR),
    ("data", "550 5.7.1 daily sending limit exceeded", UNCLEAR),
    ("rcpt", "550 5.2.1 Your account has been disabled for sending", UNCLEAR),
    ("rcpt", "550 Your account is disabled", UNCLEAR),
    ("rcpt", "550 account inactive, contact billing", UNCLEAR),
    ("rcpt", "550 5.2.1 account suspended due to outbound abuse", UNCLEAR),
    ("rcpt", "550 no such record: PTR", UNCLEAR),
    ("rcpt", "550 not a valid certificate", UNCLEAR),
    ("rcpt", "550 5.1.1 login failed: no such user", UNCLEAR),
    ("rcpt", "550 5.2.1 return path address is disabled", UNCLEAR),
    ("rcpt", "550 5.1.1 Too many invalid recipients from 192.0.2.1", UNCLEAR),
    ("rcpt", "550 5.1.1 you are not a user here", UNCLEAR),
    ("rcpt", "554 <ada@example.org>: Recipient address rejected: Access denied", UNCLEAR),
    ("rcpt", "550 5.1.1 <ada@example.org>: no such user, says mood@example.org", UNCLEAR),
    ("rcpt", "554 5.7.1 <ada@example.org>: Relay access denied", UNCLEAR),
    ("rcpt", "550 5.7.1 no", UNCLEAR),
    ("rcpt", "550 5.1.0 Address rejected", UNCLEAR),
    ("rcpt", "550 #5.1.0 Address rejected", UNCLEAR),  # Cisco
    ("rcpt", "550 5.7.133 SenderNotAuthenticatedForGroup", UNCLEAR),  # Exchange
    ("rcpt", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked", UNCLEAR),
    ("rcpt", "550 5.4.4 Unable to route", UNCLEAR),
    ("rcpt", "451 4.3.0 Temporary lookup failure", LATER),
    ("data", "451 4.3.0 queue file write error", LATER),
    ("content", "554 5.5.1 no", UNCLEAR),
    ("rcpt", "421 4.7.0 closing", LATER),
    # An enhanced code is the second word alone, and of the reply's own class (RFC 2034).
    ("rcpt", "554 Service unavailable; client 212.2.1.9 is on our list", UNCLEAR),
    ("rcpt", "554 5.1.1.9 is on our list", UNCLEAR),
    ("rcpt", "554 4.1.1 is on our list", UNCLEAR),
]


def ask(server, phase, reply):
    """What sending meets where the server says so in this phase."""
    behaviour = server.behaviour
    match phase:
        case "rcpt":
            behaviour.rcpt[PERSON] = reply
        case "data":
            behaviour.data = [reply]
        case _:
            behaviour.refuse[phase] = reply
    try:
        with Smtp("127.0.0.1", server.port, "none").connect() as connection:
            connection.send(SENDER, PERSON, b"Subject: hello\r\n\r\nHello.\r\n")
    except MailRefused as refusal:
        return refusal.whose, str(refusal)
    raise AssertionError("it was taken")


@pytest.mark.parametrize(("phase", "reply", "whose"), REPLIES, ids=lambda given: str(given)[:40])
def test_each_reply_is_told_whose_trouble_it_is(mail_server, phase, reply, whose):
    assert ask(mail_server, phase, reply) == (whose, reply)


def test_every_rule_has_a_reply_above_that_it_is_the_first_to_fit():
    used = set()
    for phase, reply, _ in REPLIES:
        code, _, text = reply.partition(" ")
        where = "data" if phase == "content" else phase
        found = Reply.of(int(code), text)
        said = told(found.text, SENDER, PERSON)
        used.add(next(rule for rule in TABLE if rule.fits(where, found, said)))
    assert [rule for rule in TABLE if rule not in used] == []


def test_every_reply_fits_a_rule_whatever_it_is():
    for phase in ("rcpt", "data"):
        for code in range(200, 600):
            assert replies.whose(phase, Reply.of(code, "")) in Whose


@pytest.mark.parametrize(
    "recipient", ["sending-limit@example.org", "your@host.example", "mood@example.org.uk"]
)
def test_words_in_an_address_are_none_of_the_servers(recipient):
    reply = Reply.of(550, f"5.1.1 <{recipient}>: Recipient address rejected: User unknown")
    assert replies.whose("rcpt", reply, SENDER, recipient) is ADDRESS
    assert replies.whose("rcpt", reply, SENDER) is ADDRESS


def test_who_writes_to_themselves_is_the_recipient_that_is_named():
    reply = Reply.of(550, f"5.1.1 <{SENDER}>: Recipient address rejected: User unknown")
    assert replies.whose("rcpt", reply, SENDER, SENDER) is ADDRESS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("550 Relaying to ada prohibited", "550 Relaying to bob prohibited"),
        ("550 Ada is not wanted", "550 bob is not wanted"),
        ("550 lovelace: not wanted", "550 bob: not wanted"),
    ],
)
def test_a_name_of_the_recipient_makes_no_difference(one, other):
    recipient = "ada.lovelace@example.org"
    assert alike(one, recipient) == alike(other, "bob@example.org")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("550 5.7.1 Relaying denied", "554 5.7.1 Relaying denied"),
        ("550 Relaying denied", "554 Relaying not allowed"),
        ("550 5.7.1 <ada@example.org>: no", "550 5.7.1 <bob@example.org>: no, really"),
        ("550 relay not permitted", "550 Relay not permitted."),
        (
            "550 <ada@example.org>: relay not permitted (#x1)",
            "550 <b@x.example>: relay not permitted (#y2)",
        ),
        ("554 denied [192.0.2.1] id=4Xy", "554 denied [2001:db8::1] id=9Zz"),
    ],
)
def test_replies_that_mean_the_same_are_alike_whomever_they_name(one, other):
    assert alike(one) == alike(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("550 5.7.1 no", "550 5.1.1 no"),
        ("550 5.7.1 no", "450 4.7.1 no"),
        ("550 no such user", "550 relay not permitted"),
        ("550 rejected", "554 rejected"),
    ],
)
def test_replies_that_mean_something_else_are_not_alike(one, other):
    assert alike(one) != alike(other)
