"""The year's end against a real mail server, put together as the app does."""

from collections.abc import Mapping
from datetime import time, timedelta

from moodtracker.clock_watch import ClockWatch
from moodtracker.closed_years import ClosedYears, Closing
from moodtracker.database import Database
from moodtracker.mail import post
from moodtracker.mail.lanes import Boards, Messages
from moodtracker.mail.letter import Asked, Envelope, Letter, Write
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.outbox import Outbox
from moodtracker.mail.recipients import Recipients
from moodtracker.mail.return_address import ReturnAddresses
from moodtracker.mail.smtp import Smtp
from moodtracker.mail.unsubscribe import Unsubscribing
from moodtracker.secret import Secret
from moodtracker.yearend import YearEnd

KEEP = timedelta(days=30)
SECRET_KEY = "a secret of the tests, that is long enough"
BASE_URL = "https://mood.example.org"


def _quick_letter(asked: Asked) -> Letter:
    """A mail of any kind that is not a board, and quickly made."""
    content = (
        f"From: mood@example.org\r\nTo: {asked.email}\r\nSubject: {asked.kind}\r\n"
        f"Date: {asked.date:%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: <{asked.message_id}@x>\r\n"
    )
    return Letter(asked.email, f"{content}\r\nHello.\r\n".encode())


QUICK_WRITERS = dict.fromkeys(post.Kind, _quick_letter)


def make_outbox(
    database: Database,
    port: int,
    *,
    watch: ClockWatch | None = None,
    keep: timedelta = KEEP,
    timeout: float = 20.0,
    limit: int | None = None,
    writers: Mapping[str, Write] | None = None,
    login: tuple[str, str] | None = None,
    bounce_address: str | None = None,
) -> Outbox:
    """One worker's outbox."""
    envelope = Envelope("Moodtracker <mood@example.org>", BASE_URL, keep.days)
    watch = watch or ClockWatch(database)
    return Outbox(
        database,
        Smtp(
            "127.0.0.1",
            port,
            "none",
            username=login[0] if login else None,
            password=login[1] if login else None,
            timeout=timeout,
            final_timeout=timeout,
        ),
        envelope,
        [
            Messages(
                database,
                writers or {},
                Recipients(Secret(SECRET_KEY)),
                returning(bounce_address),
            ),
            Boards(
                database,
                envelope,
                Unsubscribing(Secret("a secret of the tests"), BASE_URL),
                watch.is_believed,
                returning(bounce_address),
            ),
        ],
        limit=HourlyLimit(limit),
    )


def make_year_end(
    database: Database,
    port: int | None,
    *,
    mail_at: time = time(9),
    keep: timedelta = KEEP,
    timeout: float = 20.0,
    limit: int | None = None,
    writers: Mapping[str, Write] | None = None,
    login: tuple[str, str] | None = None,
    hears_bounces: bool = True,
    bounce_address: str | None = None,
) -> YearEnd:
    """One process that closes years; without a ``port`` there is no mail server."""
    watch = ClockWatch(database)
    outbox = port and make_outbox(
        database,
        port,
        watch=watch,
        keep=keep,
        timeout=timeout,
        limit=limit,
        writers=writers,
        login=login,
        bounce_address=bounce_address,
    )
    closing = Closing(
        mail_at,
        keep,
        "example.org",
        has_mail=outbox is not None,
        hears_bounces=hears_bounces,
    )
    return YearEnd(database, closing, watch, outbox or None)


def returning(bounce_address: str | None) -> ReturnAddresses:
    """Where mails come back to; ``bounce_address`` has its place, `{}`."""
    return ReturnAddresses(Secret(SECRET_KEY), bounce_address)


def make_closed_years(
    database: Database, *, keep: timedelta = KEEP, has_mail: bool = True
) -> ClosedYears:
    """What a person sees of their closed years."""
    return ClosedYears(database, Closing(time(9), keep, "example.org", has_mail=has_mail))
