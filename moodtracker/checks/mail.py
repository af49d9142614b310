"""The mail server: can it be reached, does it let us in, does it take a mail."""

import secrets
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select

from moodtracker import clock
from moodtracker.checks.database import usable
from moodtracker.checks.finding import Finding
from moodtracker.mail.smtp import RecipientRefused, ServerTrouble, Smtp, ascii_address
from moodtracker.models import sealed_years
from moodtracker.settings import Settings

_SUBJECT = "mail"
_SECONDS = 10
_LOCAL = ("localhost", "127.0.0.1", "::1")

# What usually helps, by what stands in the words of the server or the system; the first counts.
_CURES = (
    (
        ("certificate",),
        "MOODTRACKER_SMTP_HOST has to be the name in the server's certificate, and this machine "
        "has to trust who signed it.",
    ),
    (
        ("name or service", "name resolution", "no address"),
        "There is no such host: check MOODTRACKER_SMTP_HOST, and this machine's DNS.",
    ),
    (
        ("starttls",),
        "The server offers no STARTTLS there: try MOODTRACKER_SMTP_SECURITY=tls and port 465.",
    ),
    (
        ("wrong version number", "record layer"),
        "The server wants no TLS from the start: try MOODTRACKER_SMTP_SECURITY=starttls.",
    ),
    (
        ("auth", "535 ", "534 ", "530 "),
        "Check MOODTRACKER_SMTP_USERNAME and MOODTRACKER_SMTP_PASSWORD; many providers want a "
        "password made for this app alone.",
    ),
    (
        ("550 ", "553 ", "554 ", "501 "),
        "The server does not let us send from MOODTRACKER_MAIL_FROM: use your own address there.",
    ),
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
    yield _attempt(config, smtp, send_to)
    yield from _held(config)


def _attempt(config: Settings, smtp: Smtp, send_to: str | None) -> Finding:
    server = f"{config.smtp_host}, port {config.smtp_port}"
    sender = ascii_address(parseaddr(config.mail_from or "")[1])
    try:
        recipient = ascii_address(_checked(send_to)) if send_to else None
        with smtp.connect() as connection:
            if recipient is None:
                connection.check_sender(sender)
            else:
                connection.send(sender, recipient, _message(config, recipient))
    except EmailNotValidError:
        return Finding.fault(_SUBJECT, f"{send_to} is no address.", "Give one to --send-to.")
    except ServerTrouble as trouble:
        return Finding.fault(
            _SUBJECT, f"{server} does not take mails: {trouble}.", _cure(str(trouble))
        )
    except RecipientRefused as refused:
        return Finding.fault(
            _SUBJECT,
            f"{server} refuses mails to {send_to}: {refused}.",
            "Try another address. If all are refused, the server does not relay for "
            "MOODTRACKER_SMTP_USERNAME or from this machine.",
        )
    if recipient is None:
        return Finding.ok(
            _SUBJECT,
            f"{server} lets us in, and takes mails from {sender}. Try one: --send-to ADDRESS.",
        )
    return Finding.ok(_SUBJECT, f"{server} took a test mail to {recipient}. See that it arrives.")


def _held(config: Settings) -> Iterator[Finding]:
    """What waits for a person's or the operator's help."""
    with usable(config) as database:
        if database is None:
            return
        with database.read() as session:
            count = session.scalar(select(func.count()).where(sealed_years.state == "held"))
    if count:
        yield Finding.warning(
            _SUBJECT,
            f"{count} finished board(s) could not be delivered, and are held.",
            "moodtracker year-end status says why; year-end run tries once more.",
        )


def _checked(address: str) -> str:
    return validate_email(address, check_deliverability=False).normalized


def _message(config: Settings, recipient: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = config.mail_from
    mail["To"] = recipient
    mail["Subject"] = "Moodtracker can send mail"
    mail["Date"] = format_datetime(clock.now())
    domain = parseaddr(config.mail_from or "")[1].rpartition("@")[2]
    mail["Message-ID"] = f"<check.{secrets.token_hex(16)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(
        f"This is a test from {config.base_url}.\n\n"
        "If you read it in your inbox and not among the spam, the boards will arrive as well.\n"
    )
    return mail.as_bytes()


def _cure(trouble: str) -> str:
    """What usually helps, by what the server or the system said."""
    said = trouble.lower()
    return next((cure for signs, cure in _CURES if any(sign in said for sign in signs)), _LAST)
