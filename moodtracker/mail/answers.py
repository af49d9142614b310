"""What a mail server answers: the whole of it has to come in time, and to have an end.

The standard library waits so long for each byte. A server that sends one a second, or lines
without end, would keep every mail waiting for ever. And it knows names and passwords in ASCII
alone.
"""

import base64
import hmac
import io
import smtplib
import socket
import time
from typing import Any

_MOST_CHALLENGES = 5
_LONGEST = 64 * 1024  # bytes: RFC 5321 (4.5.3.1.5) allows 512 for each line


class _Answers(io.RawIOBase):
    """A socket's bytes, an answer's worth at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._until = 0.0
        self._left = 0

    def begin(self, seconds: float | None) -> None:
        """Wait for the next answer, for ever where ``seconds`` is None."""
        self._until = time.monotonic() + (float("inf") if seconds is None else seconds)
        self._left = _LONGEST

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come, and wait if nothing has; raises TimeoutError."""
        seconds = self._until - time.monotonic()
        if seconds <= 0 or self._left <= 0:
            raise TimeoutError("timed out" if seconds <= 0 else "the answer has no end")
        self._sock.settimeout(None if seconds == float("inf") else seconds)
        read = self._sock.recv_into(buffer)
        self._left -= read
        return read


class _OfServer(smtplib.SMTP):
    """Waits for each answer as a whole."""

    file: io.BufferedReader | None
    user: str
    password: str

    def getreply(self) -> tuple[int, bytes]:
        """Take an answer within the socket's time-out; raises what smtplib raises."""
        sock = self.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("please run connect() first")
        timeout = sock.gettimeout()
        answers = self._answers(sock)
        answers.begin(timeout)
        try:
            return super().getreply()
        finally:
            if self.sock is sock:
                sock.settimeout(timeout)

    def auth(
        self, mechanism: str, authobject: Any, *, initial_response_ok: bool = True
    ) -> tuple[int, bytes]:
        """Sign in with a name and a password in UTF-8 (RFC 4616 for PLAIN; LOGIN, CRAM-MD5).

        Raises smtplib.SMTPAuthenticationError.
        """
        first = authobject() if initial_response_ok else None
        self._auth_challenge_count = 0 if first is None else 1  # which ``auth_login`` looks at
        begun = mechanism if first is None else f"{mechanism} {_in_base64(first)}"
        code, text = self.docmd("AUTH", begun)
        while code == 334 and self._auth_challenge_count < _MOST_CHALLENGES:
            self._auth_challenge_count += 1
            code, text = self.docmd(_in_base64(authobject(base64.decodebytes(text))))
        if code not in (235, 503):
            raise smtplib.SMTPAuthenticationError(code, text)
        return code, text

    def auth_cram_md5(self, challenge: bytes | None = None) -> str | None:  # type: ignore[override]
        """Answer a challenge (RFC 2195)."""
        if challenge is None:
            return None
        return f"{self.user} {hmac.new(self.password.encode(), challenge, 'md5').hexdigest()}"

    def _answers(self, sock: socket.socket) -> _Answers:
        if self.file is None:  # a new connection, or the same one encrypted
            self.file = io.BufferedReader(_Answers(sock))
        answers = self.file.raw
        assert isinstance(answers, _Answers)  # noqa: S101 - nobody else opens it
        return answers


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Client(_OfServer):
    """smtplib's client, for a connection that begins in the clear."""


class EncryptedClient(_OfServer, smtplib.SMTP_SSL):
    """smtplib's client, for a connection that is encrypted from the first byte."""
