"""A mail server that takes every mail and keeps none: `python -m benchmarks.sink PORT`.

It writes how many it has taken and their bytes, a line for each request on its standard input.
"""

import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class _Sink:
    def __init__(self) -> None:
        self.mails = 0
        self.bytes = 0
        self.connections = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, host: str, lines: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = host
        return lines

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails += 1
        self.bytes += len(envelope.content or b"")
        return "250 taken"


def main() -> None:
    """Serve until standard input ends."""
    sink = _Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=int(sys.argv[1]))
    controller.start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(f"{sink.mails} {sink.bytes} {sink.connections}", flush=True)
    controller.stop()


if __name__ == "__main__":
    main()
