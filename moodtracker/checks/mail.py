"""The mail server: can it be reached, does it let us in, does it take a mail."""

import secrets
from collections.abc import Iterator
from email.utils import parseaddr

from email_validator import EmailNotValidError
from sqlalchemy import Select, func, select

from moodtracker import clock
from moodtracker.checks.database import usable
from moodtracker.checks.finding import Finding
from moodtracker.mail.breaker import Breaker
from moodtracker.mail.message import begin
from moodtracker.mail.queue import Columns, Queue
from moodtracker.mail.return_address import ReturnAddresses
from moodtracker.mail.smtp import MailRefused, ServerTrouble, Smtp, ascii_address
from moodtracker.mail_address import check_address
from moodtracker.models import messages, sealed_years
from moodtracker.secret import Secret
from moodtracker.settings import Settings

_SUBJECT = "mail"
_SECONDS = 10
_LOCAL = ("localhost", "127.0.0.1", "::1")

_LOGIN = (
    "Check MOODTRACKER_SMTP_USERNAME and MOODTRACKER_SMTP_PASSWORD; many providers want a "
    "password made for this app alone."
)
_SENDER = (
    "The server does not let us send from MOODTRACKER_MAIL_FROM: use your own address there, one "
    "that has a mailbox."
)
# What usually helps, by what stands in the words of the server or the system; the first counts.
_CURES = (
    (
        ("certificate",),
        "MOODTRACKER_SMTP_HOST has to be the name in the server's certificate, and this machine "
        "has to trust who signed it: see docs/mail.md for a certificate of your own.",
    ),
    (
        ("name or service", "name resolution", "no address"),
        "There is no such host: check MOODTRACKER_SMTP_HOST, and this machine's DNS.",
    ),
    (
        ("wrong version number", "record layer"),
        "The server wants no TLS from the start: try MOODTRACKER_SMTP_SECURITY=starttls.",
    ),
    (("sender", "1.7 ", "1.8 ", "send as", "sendas", "not owned"), _SENDER),
    (("auth", "535 ", "534 ", "530 "), _LOGIN),
    (("550 ", "553 ", "554 ", "501 "), _SENDER),
)
_WITHOUT_LOGIN = (
    "Nobody is signed in there: set MOODTRACKER_SMTP_USERNAME and MOODTRACKER_SMTP_PASSWORD. Where "
    "the server wants none, it has to be told to relay for this machine and this sender."
)
_LAST = (
    "Check MOODTRACKER_SMTP_HOST, _PORT and _SECURITY. Many homes cannot reach port 25; 587 and "
    "465 are for sending."
)


def look(config: Settings, send_to: str | None = None) -> Iterator[Finding]:
    """Whether a mail would get through; ``send_to`` gets a real one."""
    smtp = Smtp.from_settings(config, timeout=_SECONDS)
    if smtp is None:
        yield Finding.warning(
            _SUBJECT,
            "No mail server is set: no board is mailed at the end of the year (closed years wait, "
            "and are not erased), nobody can reset a forgotten password by mail, and no address "
            "can be verified.",
            "Set MOODTRACKER_SMTP_HOST and MOODTRACKER_MAIL_FROM. See docs/mail.md.",
        )
        return
    if config.smtp_security == "none" and config.smtp_host not in _LOCAL:
        yield Finding.warning(
            _SUBJECT,
            f"Mails go to {config.smtp_host} without encryption, with moods in them.",
            "Set MOODTRACKER_SMTP_SECURITY to starttls or tls.",
        )
    yield from _attempt(config, smtp, send_to)
    yield from _stuck(config)


def _attempt(config: Settings, smtp: Smtp, send_to: str | None) -> Iterator[Finding]:
    server = f"{config.smtp_host}, port {config.smtp_port}"
    sender = ascii_address(parseaddr(config.mail_from or "")[1])
    try:
        without_mailbox = smtp.try_sender(sender)
    except (ServerTrouble, MailRefused) as trouble:
        words = str(trouble)
        yield Finding.fault(
            _SUBJECT, f"{server} does not take mails: {words}.", _cure(config, words)
        )
        return
    if without_mailbox:
        yield Finding.warning(
            _SUBJECT,
            f"{sender} has no mailbox: {without_mailbox}.",
            "Mails that cannot be delivered come back there: use an address that somebody reads.",
        )
    if send_to is None:
        yield Finding.ok(
            _SUBJECT,
            f"{server} lets us in, and takes mails from {sender}. Try one: --send-to ADDRESS.",
        )
        return
    yield _sent(config, smtp, sender, send_to)


def _sent(config: Settings, smtp: Smtp, sender: str, send_to: str) -> Finding:
    """Whether a real mail is taken; then those that waited for the server go out."""
    server = f"{config.smtp_host}, port {config.smtp_port}"
    # By what boards are sent by, so that it says something of them.
    sender = ReturnAddresses(Secret(""), config.bounce_address).of_nobody() or sender
    try:
        recipient = ascii_address(check_address(send_to).normalized)
        with smtp.connect() as connection:
            connection.send(sender, recipient, _message(config, recipient))
    except EmailNotValidError:
        return Finding.fault(_SUBJECT, f"{send_to} is no address.", "Give one to --send-to.")
    except ServerTrouble as trouble:
        words = str(trouble)
        return Finding.fault(
            _SUBJECT, f"{server} does not take mails: {words}.", _cure(config, words)
        )
    except MailRefused as refused:
        return Finding.fault(
            _SUBJECT,
            f"{server} refuses mails to {send_to}: {refused}.",
            "Try another address. If all are refused, the server does not relay for "
            "MOODTRACKER_SMTP_USERNAME or from this machine.",
        )
    with usable(config) as database:
        if database is not None:
            queues = Queue(messages, "id"), Queue(sealed_years, "year")
            with database.write() as session:
                Breaker(database).taken(session, queues)
    return Finding.ok(_SUBJECT, f"{server} took a test mail to {recipient}. See that it arrives.")


def _stuck(config: Settings) -> Iterator[Finding]:
    """What waits for a person's or the operator's help, or is tried in vain."""
    with usable(config) as database:
        if database is None:
            return
        with database.read() as session:
            held = session.scalar(select(func.count()).where(sealed_years.state == "held"))
            failing = [
                (what, session.execute(_failing(table)).one())
                for what, table in (("finished board", sealed_years), ("other mail", messages))
            ]
    if held:
        yield Finding.warning(
            _SUBJECT,
            f"{held} finished board(s) could not be delivered, and are held.",
            "moodtracker year-end status says why; year-end run tries once more.",
        )
    for what, found in failing:
        if found.mails:
            yield Finding.warning(
                _SUBJECT,
                f"{found.mails} {what}(s) did not get through yet, and are tried again: "
                f"{found.reason}.",
                _cure(config, found.reason),
            )


def _failing(columns: Columns) -> Select[tuple[int, str]]:
    """How many mails of a table have failed and wait for their next try, and a reason."""
    return select(func.count().label("mails"), func.max(columns.last_error).label("reason")).where(
        columns.state == "pending", columns.attempts > 0, columns.last_error.is_not(None)
    )


def _message(config: Settings, recipient: str) -> bytes:
    domain = ascii_address(parseaddr(config.mail_from or "")[1]).rpartition("@")[2]
    mail = begin(
        name="",
        address=recipient,
        sender=config.mail_from or "",
        subject="Moodtracker can send mail",
        message_id=f"<check.{secrets.token_hex(16)}@{domain}>",
        date=clock.now(),
    )
    mail.set_content(
        f"This is a test from {config.base_url}.\n\n"
        "If you read it in your inbox and not among the spam, the boards will arrive as well.\n"
    )
    return mail.as_bytes()


def _cure(config: Settings, trouble: str) -> str:
    """What usually helps, by what the server or the system said and what is set."""
    said = trouble.lower()
    security, port = config.smtp_security, config.smtp_port
    if "starttls" in said:
        if security == "none":
            return "The server wants encryption: set MOODTRACKER_SMTP_SECURITY=starttls."
        return (
            "The server offers no STARTTLS there: try MOODTRACKER_SMTP_SECURITY=tls and port 465."
        )
    if security == "starttls" and port == 465:
        return "Port 465 speaks TLS from the start: set MOODTRACKER_SMTP_SECURITY=tls."
    if config.smtp_username is None and _wants_a_login(said):
        return _WITHOUT_LOGIN
    return next((cure for signs, cure in _CURES if any(sign in said for sign in signs)), _LAST)


def _wants_a_login(said: str) -> bool:
    return "sender address rejected" not in said and any(
        sign in said for sign in ("530 ", "auth", "relay", "access denied", "not permitted")
    )
