"""Handing a mail to a mail server by SMTP (RFC 5321), and saying what came of it."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Literal, Self

from moodtracker.mail import replies
from moodtracker.mail.answers import Client, EncryptedClient
from moodtracker.mail.replies import Phase, Reply, Whose
from moodtracker.setting_values import ascii_host
from moodtracker.settings import Settings

Security = Literal["starttls", "tls", "none"]

_CLOSING = 421
_ABOUT_THE_RECIPIENT = (Whose.ADDRESS, Whose.MAILBOX, Whose.LATER)
# What a server takes for a name of ours (RFC 5321, 4.1.1.1): with a dot, in plain letters.
_FULL_NAME = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)


class ServerTrouble(Exception):  # noqa: N818
    """The mail server is out of reach, refuses us or fails: trouble for the whole queue.

    ``is_closed``: it has ended the connection before it was given a mail, as servers do that take
    so many over each; ``may_be_taken``: it fell silent after it was given all of the mail;
    ``at_a_mail``: the connection broke amid one mail, which may be that mail's doing.
    """

    def __init__(
        self,
        reason: str,
        *,
        is_closed: bool = False,
        may_be_taken: bool = False,
        at_a_mail: bool = False,
    ) -> None:
        """Keep the server's words."""
        super().__init__(reason)
        self.is_closed = is_closed
        self.may_be_taken = may_be_taken
        self.at_a_mail = at_a_mail


class MailRefused(Exception):  # noqa: N818
    """The mail server does not take this one mail, and says why."""

    def __init__(
        self, reason: str, whose: Whose, *, is_passing: bool, is_closed: bool = False
    ) -> None:
        """Keep the server's words; ``is_passing``: it may take the mail later (RFC 5321, 4yz)."""
        super().__init__(reason)
        self.whose = whose
        self.is_passing = is_passing
        self.is_closed = is_closed

    @property
    def for_good(self) -> bool:
        """Whether no later try can help: there is no such mailbox."""
        return self.whose is Whose.ADDRESS and not self.is_passing


class RecipientRefused(MailRefused):
    """It does not take mail for this one address."""


class Connection:
    """An open connection, for as many mails as there are."""

    def __init__(self, client: smtplib.SMTP, final_timeout: float) -> None:
        """Send through ``client``, which is connected and signed in."""
        self._client = client
        self._final_timeout = final_timeout

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one mail; returns once the server has taken it (250 after the final dot).

        ``message`` has CRLF line ends and goes out as it is. Raises :class:`ServerTrouble`, after
        which the connection is not to be used again, or :class:`MailRefused`.
        """
        self._mail(sender, self._options(sender, recipient, message))
        self._rcpt(sender, recipient)
        self._data(sender, recipient, message)

    def try_envelope(self, sender: str, recipient: str) -> None:
        """Ask whether a mail would be taken, and send none (RFC 5321, 4.1.1.5).

        Raises what :meth:`send` does.
        """
        self._mail(sender, self._options(sender, recipient, b""))
        self._rcpt(sender, recipient)
        self._reset()

    def _options(self, sender: str, recipient: str, message: bytes) -> list[str]:
        """What has to be said with MAIL (RFC 1870, RFC 6152, RFC 6531)."""
        with_size = bool(message) and self._client.has_extn("size")
        options = [f"SIZE={len(message)}"] if with_size else []
        if message.isascii() and recipient.isascii() and sender.isascii():
            return options
        if self._client.has_extn("smtputf8"):
            return [*options, "BODY=8BITMIME", "SMTPUTF8"]
        words = "the mail server cannot take an address with letters such as these (RFC 6531)"
        if not sender.isascii():
            raise ServerTrouble(words)
        raise RecipientRefused(words, Whose.ADDRESS, is_passing=False)

    def _mail(self, sender: str, options: list[str]) -> None:
        try:
            code, text = self._client.mail(sender, options)
        except (smtplib.SMTPException, OSError) as error:
            raise ServerTrouble(_words(error), is_closed=_is_closed(error)) from None
        if code == 250:
            return
        reply = str(Reply.of(code, text))
        if code != _CLOSING and self._takes_without(options, sender):
            raise MailRefused(reply, Whose.UNCLEAR, is_passing=code < 500)
        raise ServerTrouble(reply, is_closed=code == _CLOSING)

    def _takes_without(self, options: list[str], sender: str) -> bool:
        """Whether a sender that was refused is taken without the options of this one mail.

        Its size, and what its recipient's letters need, are none that every mail has to bring.
        """
        of_every_mail = self._options(sender, "", b"")
        if options == of_every_mail:
            return False
        try:
            self._client.rset()
            code, _ = self._client.mail(sender, of_every_mail)
            self._client.rset()
        except (smtplib.SMTPException, OSError):
            return False
        return code == 250

    def _rcpt(self, sender: str, recipient: str) -> None:
        try:
            code, text = self._client.rcpt(recipient)
        except (smtplib.SMTPException, OSError) as error:
            raise ServerTrouble(
                _words(error), is_closed=_is_closed(error), at_a_mail=True
            ) from None
        if code not in (250, 251):
            raise self._refusal("rcpt", code, text, sender, recipient)

    def _data(self, sender: str, recipient: str, message: bytes) -> None:
        with self._more_patience():
            is_handed_over = False
            try:
                code, text = self._client.docmd("DATA")
                if code == 354:
                    self._client.send(_ended(message))
                    is_handed_over = True
                    code, text = self._client.getreply()
            except (smtplib.SMTPException, OSError) as error:
                raise ServerTrouble(
                    _words(error), may_be_taken=is_handed_over, at_a_mail=True
                ) from None
        if code != 250:
            raise self._refusal("data", code, text, sender, recipient)

    def _refusal(
        self, phase: Phase, code: int, text: bytes | str, sender: str, recipient: str
    ) -> MailRefused:
        """What to raise; the connection is made ready for the next mail."""
        if code != _CLOSING:
            self._reset()
        reply = Reply.of(code, text)
        whose = replies.whose(phase, reply, sender, recipient)
        kind = RecipientRefused if whose in _ABOUT_THE_RECIPIENT else MailRefused
        is_passing = code < 500 or whose is Whose.MAILBOX
        return kind(str(reply), whose, is_passing=is_passing, is_closed=code == _CLOSING)

    def _reset(self) -> None:
        with suppress(smtplib.SMTPException, OSError):
            self._client.rset()

    @contextmanager
    def _more_patience(self) -> Iterator[None]:
        sock = self._client.sock
        if sock is None:  # which it will say itself
            yield
            return
        timeout = sock.gettimeout()
        sock.settimeout(self._final_timeout)
        try:
            yield
        finally:
            if self._client.sock is sock:
                sock.settimeout(timeout)


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
        except Exception as error:
            # The standard library raises others as well, for a host or a name that it cannot spell.
            raise ServerTrouble(_words(error)) from None
        try:
            yield Connection(client, self._final_timeout)
        finally:
            try:
                client.quit()
            except (smtplib.SMTPException, OSError):
                client.close()

    def try_sender(self, sender: str) -> str:
        """Try MAIL FROM and RCPT with our own sender, and send nothing: would mails be taken.

        Returns what the server says of a sender that has no mailbox, where bounces get lost; '' as
        a rule. Raises :class:`ServerTrouble` or :class:`MailRefused`.
        """
        try:
            with self.connect() as connection:
                connection.try_envelope(sender, sender)
        except RecipientRefused as refused:
            return str(refused) if refused.for_good else ""
        return ""

    def _open(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        if self._security == "tls":
            client: smtplib.SMTP = EncryptedClient(
                self._host, self._port, self._our_name, timeout=self._timeout, context=trusted
            )
        else:
            client = Client(self._host, self._port, self._our_name, timeout=self._timeout)
        try:
            if client.sock is not None:
                ours = client.sock.getsockname()[0]
                client.local_hostname = greeting(self._our_name, ours)
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
    """The address with its domain as xn-- (IDNA 2008), as headers and envelopes want it."""
    local, at, domain = address.rpartition("@")
    if not local or domain.isascii():
        return address
    try:
        return f"{local}{at}{ascii_host(domain)}"
    except ValueError:
        return address


def greeting(our_name: str, our_address: str) -> str:
    """What we say with EHLO: our full name, else our address as a literal (RFC 5321, 4.1.3).

    Servers refuse names without a dot, such as localhost, and addresses without brackets.
    """
    name = our_name.rstrip(".")
    if _FULL_NAME.fullmatch(name):
        return name
    try:
        address = ip_address(our_address.partition("%")[0])
    except ValueError:
        return name
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"


def _ended(message: bytes) -> bytes:
    """A mail as it goes over the line: with its end, which no line of its own is (RFC 5321, 4.5.2).

    It has CRLF line ends.
    """
    quoted = re.sub(rb"(?m)^\.", b"..", message)
    return quoted + (b"" if quoted.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _is_closed(error: Exception) -> bool:
    """Whether the connection was ended, rather than a reply refused or waited for in vain."""
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code == _CLOSING
    if isinstance(error.__context__, TimeoutError):  # which smtplib calls a disconnection too
        return False
    return isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(Reply.of(error.smtp_code, error.smtp_error))
    if isinstance(error, TimeoutError):
        return "the mail server does not answer in time"
    if isinstance(error, smtplib.SMTPException | OSError):
        return " ".join(str(error).split()) or type(error).__name__
    # Its text may hold a password.
    return (
        "the mail server cannot be spoken to with these settings: a name, address or password has "
        f"a letter that cannot be sent ({type(error).__name__})"
        if isinstance(error, UnicodeError)
        else f"the mail server cannot be spoken to ({type(error).__name__})"
    )
