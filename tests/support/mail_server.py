"""A real SMTP server on a real socket that can be told how to behave."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from support.server import WAIT_SECONDS, free_port


@dataclass
class Behaviour:
    """What the server answers where it does not answer OK, at a stage or to somebody."""

    refuse: dict[str, str] = field(default_factory=dict)  # by stage: connect, ehlo, content
    mail: str | None = None
    mail_by: dict[str, str] = field(default_factory=dict)  # by what a sender begins with
    rcpt: dict[str, str | list[str]] = field(default_factory=dict)  # for all, or for each in turn
    mail_with: dict[str, str] = field(default_factory=dict)  # by the option that MAIL comes with
    data: list[str] = field(default_factory=list)  # one for each mail, in turn
    data_for: dict[str, str] = field(default_factory=dict)  # by recipient
    hang_at: str | None = None
    hang_for: str | None = None  # a recipient at whose RCPT it does not answer any more
    drop_for: str | None = None  # a recipient at whose RCPT it ends the connection
    drip_at: str | None = None  # it answers there, but never to the end
    drips: Iterable[bytes] = (b"250-", *[b"x"] * 10_000)
    drip_seconds: float = 0.05
    before_taking: Callable[[], None] = lambda: None
    at_stage: Callable[[str], None] = lambda _: None  # called at each of them
    drop_in_data: int = 0
    drop_after_data: int = 0
    mails_a_connection: int | None = None
    without: tuple[str, ...] = ()  # extensions that it does not offer
    password: str | None = None


class MailServer:
    """Keeps every mail that it has answered 250 for."""

    def __init__(
        self, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.port = free_port()
        self.starttls = starttls
        self._tls = tls
        self.behaviour = Behaviour()
        self.taken: list[tuple[str, EmailMessage]] = []
        self.senders: list[str] = []  # of the envelopes, one for each mail
        self.connections = 0
        self.options: list[str] = []  # of the last MAIL
        self.greeted_as = ""  # at the last EHLO
        self._controller: Controller | None = None

    def start(self) -> "MailServer":
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=self._tls,
            ready_timeout=WAIT_SECONDS,
        )
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs that is to mail by this one."""
        return {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.port),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "mood@example.org",
        }

    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]

    def doubled(self) -> int:
        """How many mails came more often than once; each under one Message-ID and one Date."""
        copies: dict[str, list[tuple[str, str]]] = {}
        for recipient, message in self.taken:
            copies.setdefault(recipient, []).append((message["Message-ID"], message["Date"]))
        assert all(len(set(each)) == 1 for each in copies.values())
        return sum(len(each) - 1 for each in copies.values())

    # What follows is called by aiosmtpd, by these names.

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        await self._hang("ehlo", server)
        session.host_name = self.greeted_as = hostname
        return [r for r in responses if not r.endswith(self.behaviour.without or ("nothing",))]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._hang("mail", server)
        if self.behaviour.mail:
            return self.behaviour.mail
        for option, answer in self.behaviour.mail_with.items():
            if any(given.partition("=")[0] == option for given in options):
                return answer
        for sender, answer in self.behaviour.mail_by.items():
            if address.startswith(sender):
                return answer
        if session.taken == self.behaviour.mails_a_connection:
            return "421 4.7.0 enough for one connection"
        self.options = options
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._hang("rcpt", server)
        if self.behaviour.hang_for == address:
            await asyncio.sleep(3600)
        if self.behaviour.drop_for == address:
            server.transport.close()
        answer = self.behaviour.rcpt.get(address)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else None
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self._hang("data", server)
        if self.behaviour.data:
            answer = self.behaviour.data.pop(0)
            if not answer.startswith("250"):
                return answer
        if answer := self.behaviour.data_for.get(envelope.rcpt_tos[0]):
            return answer
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.behaviour.before_taking()
        self.taken.append((envelope.rcpt_tos[0], message))
        self.senders.append(envelope.mail_from or "")
        session.taken += 1
        self.behaviour.at_stage("taken")
        if self.behaviour.drop_after_data:
            self.behaviour.drop_after_data -= 1
            server.transport.close()
        return "250 taken"

    def authenticate(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        mechanism: str,
        data: LoginPassword,
    ) -> AuthResult:
        expected = (self.behaviour.password or "").encode()
        return AuthResult(success=data.password == expected, handled=False)

    async def _hang(self, stage: str, server: SMTP) -> None:
        self.behaviour.at_stage(stage)
        if self.behaviour.hang_at == stage:
            await asyncio.sleep(3600)
        if self.behaviour.drip_at == stage:
            for drip in self.behaviour.drips:
                server._writer.write(drip)
                await server._writer.drain()
                await asyncio.sleep(self.behaviour.drip_seconds)


class _Server(SMTP):
    """Speaks SMTP as the behaviour says, where handlers come too late."""

    async def _handle_client(self) -> None:
        await self.event_handler._hang("connect", self)
        if "connect" in self.event_handler.behaviour.refuse:
            await self.push(self.event_handler.behaviour.refuse["connect"])
            self.transport.close()
            return
        await super()._handle_client()

    def _create_session(self) -> Session:
        session = super()._create_session()
        session.taken = 0
        return session

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        refusal = self.event_handler.behaviour.refuse.get("ehlo")
        await (self.push(refusal) if refusal else super().smtp_EHLO(hostname))

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        refusal = self.event_handler.behaviour.refuse.get("ehlo")
        await (self.push(refusal) if refusal else super().smtp_HELO(hostname))

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        behaviour = self.event_handler.behaviour
        await self.event_handler._hang("content", self)
        if "content" in behaviour.refuse:
            await self.push(behaviour.refuse["content"])
            return
        if behaviour.drop_in_data:
            behaviour.drop_in_data -= 1
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.close()
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def __init__(self, mail_server: MailServer, **more: object) -> None:
        super().__init__(mail_server, **more)

    def factory(self) -> SMTP:
        return _Server(
            self.handler,
            enable_SMTPUTF8=True,
            authenticator=self.handler.authenticate,
            auth_require_tls=False,
            tls_context=self.handler.starttls,
        )
