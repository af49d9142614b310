"""Handing a mail to a mail server by SMTP (RFC 5321), and saying whose trouble a refusal is."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal, Self

from email_validator import EmailNotValidError, validate_email

from moodtracker.mail.answers import Client, EncryptedClient
from moodtracker.settings import Settings

Security = Literal["starttls", "tls", "none"]

# RFC 3463: X.1 is about the address, X.2 about its mailbox; all else (policy, quota of the
# sender, routing) is nobody's fault who is written to.
_ENHANCED = re.compile(r"[245]\.((\d{1,3})\.\d{1,3})\b")
_ABOUT_A_PERSON = {"1", "2"}
_NOT_OF_THE_RECIPIENT = {"1.7", "1.8"}  # about the sender's address
_CLOSING = 421
# Replies to RCPT without an enhanced code that mean the mailbox (RFC 5321, 4.2.3).
_MAILBOX_CODES = {450, 452, 550, 551, 552, 553}


class ServerTrouble(Exception):  # noqa: N818
    """The mail server is out of reach, refuses us or fails: trouble for the whole queue.

    ``is_closed``: it has ended the connection before it was given a mail, as servers do that take
    so many over each; ``may_be_taken``: it fell silent after it was given all of the mail.
    """

    def __init__(self, reason: str, *, is_closed: bool = False, may_be_taken: bool = False) -> None:
        """Keep the server's words."""
        super().__init__(reason)
        self.is_closed = is_closed
        self.may_be_taken = may_be_taken


class RecipientRefused(Exception):  # noqa: N818
    """The mail server does not take mail for this one address; ``for_good`` or for now."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        """Keep the server's words."""
        super().__init__(reason)
        self.for_good = for_good


class Connection:
    """An open connection, for as many mails as there are."""

    def __init__(self, client: smtplib.SMTP, final_timeout: float) -> None:
        """Send through ``client``, which is connected and signed in."""
        self._client = client
        self._final_timeout = final_timeout

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one mail; returns once the server has taken it (250 after the final dot).

        ``message`` has CRLF line ends and goes out as it is. Raises :class:`ServerTrouble`, after
        which the connection is not to be used again, or :class:`RecipientRefused`.
        """
        try:
            self._envelope(sender, recipient, self._options(recipient, message))
        except (smtplib.SMTPException, OSError) as error:
            raise ServerTrouble(_words(error), is_closed=_is_closed(error)) from None
        self._data(message)

    def _options(self, recipient: str, message: bytes) -> list[str]:
        """What has to be said with MAIL (RFC 1870, RFC 6152, RFC 6531)."""
        options = [f"SIZE={len(message)}"] if self._client.has_extn("size") else []
        if message.isascii() and recipient.isascii():
            return options
        if not self._client.has_extn("smtputf8"):
            raise RecipientRefused(
                "the mail server cannot take an address with letters such as these (RFC 6531)",
                for_good=True,
            )
        return [*options, "BODY=8BITMIME", "SMTPUTF8"]

    def _envelope(self, sender: str, recipient: str, options: list[str]) -> None:
        code, words = self._client.mail(sender, options)
        if code != 250:
            raise ServerTrouble(_reply(code, words), is_closed=code == _CLOSING)
        code, words = self._client.rcpt(recipient)
        if code not in (250, 251):
            refusal = _refusal(code, words, _MAILBOX_CODES)
            with suppress(smtplib.SMTPException, OSError):
                self._client.rset()  # to go on with the next mail
            raise refusal

    def _data(self, message: bytes) -> None:
        try:
            with self._more_patience():
                code, words = self._client.data(message)
        except smtplib.SMTPDataError as error:  # what it answered to DATA itself
            raise _refusal(error.smtp_code, error.smtp_error, set()) from None
        except (smtplib.SMTPException, OSError) as error:
            raise ServerTrouble(_words(error), may_be_taken=True) from None
        if code != 250:
            raise _refusal(code, words, set())

    @contextmanager
    def _more_patience(self) -> Iterator[None]:
        sock = self._client.sock
        if sock is None:  # which it will say itself
            yield
            return
        timeout = sock.gettimeout()
        sock.settimeout(self._final_timeout)
        yield
        sock.settimeout(timeout)

    def check_sender(self, sender: str) -> None:
        """Ask whether mails from ``sender`` are taken, and send none (RFC 5321, 4.1.1.5).

        Raises :class:`ServerTrouble`.
        """
        try:
            code, text = self._client.mail(sender)
            self._client.rset()
        except (smtplib.SMTPException, OSError) as error:
            raise ServerTrouble(_words(error)) from None
        if code >= 400:
            raise ServerTrouble(_reply(code, text))


class Smtp:
    """The mail server that the settings name."""

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        *,
        username: str | None = None,
        password: str | None = None,
        our_name: str = "localhost",
        timeout: float = 30,
        final_timeout: float = 300,
    ) -> None:
        """``our_name`` is what we greet with; ``timeout`` is for each answer, in seconds.

        ``final_timeout`` is for the one after the final dot, before which servers look at a mail:
        who gives up too early sends it twice (RFC 5321, 4.5.3.2.6).
        """
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._our_name = our_name
        self._timeout = timeout
        self._final_timeout = final_timeout

    @classmethod
    def from_settings(cls, settings: Settings, *, timeout: float = 30) -> Self | None:
        """The server of the settings, None where they name none."""
        if settings.smtp_host is None:
            return None
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            username=settings.smtp_username,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
            our_name=settings.hostname,
            timeout=timeout,
        )

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open a connection, encrypted and signed in as set; raises :class:`ServerTrouble`."""
        try:
            client = self._open()
        except (smtplib.SMTPException, OSError) as error:
            raise ServerTrouble(_words(error)) from None
        try:
            yield Connection(client, self._final_timeout)
        finally:
            try:
                client.quit()
            except (smtplib.SMTPException, OSError):
                client.close()

    def _open(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        if self._security == "tls":
            client: smtplib.SMTP = EncryptedClient(
                self._host, self._port, self._our_name, timeout=self._timeout, context=trusted
            )
        else:
            client = Client(self._host, self._port, self._our_name, timeout=self._timeout)
        try:
            if self._security == "starttls":
                client.starttls(context=trusted)
            client.ehlo_or_helo_if_needed()
            if self._username and self._password:
                client.login(self._username, self._password)
        except BaseException:
            client.close()
            raise
        return client


def ascii_address(address: str) -> str:
    """The address with its domain as xn-- (IDNA), as headers and envelopes want it."""
    try:
        checked = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return address
    return f"{checked.local_part}@{checked.ascii_domain}"


def _refusal(
    code: int, text: bytes | str, mailbox_codes: set[int]
) -> RecipientRefused | ServerTrouble:
    words = _reply(code, text)
    enhanced = _ENHANCED.search(words)
    if enhanced:
        about_person = enhanced[2] in _ABOUT_A_PERSON and enhanced[1] not in _NOT_OF_THE_RECIPIENT
    else:
        about_person = code in mailbox_codes
    if about_person:
        return RecipientRefused(words, for_good=code >= 500)
    return ServerTrouble(words, is_closed=code == _CLOSING)


def _is_closed(error: Exception) -> bool:
    """Whether the connection was ended, rather than a reply refused or waited for in vain."""
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code == _CLOSING
    if isinstance(error.__context__, TimeoutError):  # which smtplib calls a disconnection too
        return False
    return isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    if isinstance(error, TimeoutError):
        return "the mail server does not answer in time"
    return " ".join(str(error).split()) or type(error).__name__


def _reply(code: int, text: bytes | str) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return f"{code} {' '.join(text.split())}"[:300]
