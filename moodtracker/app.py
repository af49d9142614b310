"""The app without its pages: everything that the settings decide, put together once."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from moodtracker import clock
from moodtracker.accounts import (
    audit,
    invitations,
    linking,
    links,
    passwords,
    sessions,
    setup_code,
    throttling,
)
from moodtracker.accounts.proving import Proving
from moodtracker.accounts.throttling import Throttle
from moodtracker.backups import BackupError, Backups
from moodtracker.clock_watch import ClockWatch
from moodtracker.closed_years import ClosedYears, Closing
from moodtracker.database import Database
from moodtracker.diary import Diary
from moodtracker.instances import Instances
from moodtracker.live import Live
from moodtracker.mail import post, rehearsal, reminder
from moodtracker.mail.account import AccountMails
from moodtracker.mail.lanes import Boards, Messages
from moodtracker.mail.letter import Envelope
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.outbox import Outbox
from moodtracker.mail.smtp import Smtp
from moodtracker.mail.unsubscribe import Unsubscribing
from moodtracker.preferences import Preferences
from moodtracker.reminding import Reminding
from moodtracker.secret import Secret
from moodtracker.settings import Settings
from moodtracker.yearend import YearEnd

if TYPE_CHECKING:
    from moodtracker.accounts.provider import Provider

log = logging.getLogger(__name__)

_TICK = timedelta(minutes=1)
_POST = timedelta(seconds=5)  # somebody waits for it
_BACK_UP = timedelta(hours=1)  # which makes one a day: it asks whether today's is there
_CLEAN_UP = timedelta(hours=6)


@dataclass(frozen=True)
class App:
    """What pages and commands work with."""

    settings: Settings
    secret: Secret
    database: Database
    throttle: Throttle
    proving: Proving
    provider: "Provider | None"  # None: people sign in by password alone
    live: Live
    diary: Diary
    preferences: Preferences
    smtp: Smtp | None
    outbox: Outbox | None  # None: no mail server is set
    unsubscribing: Unsubscribing
    clock_watch: ClockWatch
    year_end: YearEnd
    closed_years: ClosedYears
    reminding: Reminding
    backups: Backups | None  # None: PostgreSQL has its own
    instances: Instances | None  # None: this one is alone

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the database, bring its schema up to date, and put the parts together.

        Raises :class:`~moodtracker.database.DatabaseError`, and
        :class:`~moodtracker.settings.SettingsError` where the secret key cannot be read.
        """
        backups = _backups(settings)
        if backups:
            backups.refuse_empty_beside_them()
        database = Database(settings.database_url, settings.database_limits)
        if backups:
            _back_up_before_upgrade(database, backups)
        database.migrate()
        log.info("%s", database.version())
        secret = Secret.of(settings)
        throttle = Throttle(database, secret)
        passwords.set_cost(
            settings.password_memory_kib, settings.password_passes, settings.password_lanes
        )
        live = Live()
        smtp = Smtp.from_settings(settings)
        watch = ClockWatch(database)
        closing = Closing(
            settings.year_end_mail_at,
            timedelta(days=settings.year_end_keep_days),
            envelope(settings).domain,
        )
        unsubscribing = Unsubscribing(secret, settings.base_url)
        outbox = None
        if smtp:
            sender = envelope(settings)
            boards = Boards(database, sender, unsubscribing, watch.is_believed)
            asked = Messages(
                database,
                AccountMails(database, sender).writers()
                | rehearsal.writers(database, sender)
                | reminder.writers(database, sender, unsubscribing),
            )
            limit = HourlyLimit(settings.smtp_hourly_limit)
            outbox = Outbox(database, smtp, sender, [asked, boards], live=live, limit=limit)
        return cls(
            settings,
            secret,
            database,
            throttle,
            Proving(database, throttle, secret),
            _provider(settings),
            live,
            Diary(database, live),
            Preferences(database, live),
            smtp,
            outbox,
            unsubscribing,
            watch,
            YearEnd(database, live, closing, watch, outbox),
            ClosedYears(database, live, closing),
            Reminding(database),
            backups,
            None if database.is_sqlite else Instances(database, live),
        )

    def ticks(self) -> clock.Ticks:
        """The clock that makes this app act by itself, not yet started."""
        ticks = clock.Ticks()
        ticks.every(_TICK, self.year_end.tick)
        ticks.before_stop(self.year_end.stop)
        if self.outbox:
            ticks.every(_TICK, self.reminding.tick)
            ticks.every(_POST, self.outbox.deliver_due)
        ticks.every(_CLEAN_UP, self.clean_up)
        if self.backups:
            ticks.every(_BACK_UP, self.backups.keep_up)
        return ticks

    def clean_up(self) -> None:
        """Delete what is too old to be used: sessions, links, mails, counts, audit lines.

        By a clock that is in doubt nothing is (Y9).
        """
        if not self.clock_watch.is_believed():
            return
        for kept in (sessions, links, linking, invitations, throttling, audit, post):
            kept.forget_old(self.database)

    @property
    def setup_code(self) -> str | None:
        """What the first person has to show; None where it listens to its own machine alone."""
        return None if self.settings.is_local else setup_code.of(self.secret)

    def listen(self) -> None:
        """Begin to hear what changes on other instances."""
        if self.instances:
            self.instances.start()

    def close(self) -> None:
        """Stop listening, and close the database."""
        if self.instances:
            self.instances.stop()
        self.database.close()


def envelope(settings: Settings) -> Envelope:
    """What all mails have in common, by the settings."""
    return Envelope(settings.mail_from or "", settings.base_url, settings.year_end_keep_days)


def _provider(settings: Settings) -> "Provider | None":
    if settings.oidc_issuer is None:
        return None
    # Authlib takes a fifth of a second and 13 MB: it is loaded only where it is used.
    from moodtracker.accounts.provider import Provider  # noqa: PLC0415

    return Provider.of(settings)


def _backups(settings: Settings) -> Backups | None:
    if settings.database_file is None:
        return None
    return Backups(settings.database_file, settings.backup_dir, settings.backup_keep)


def _back_up_before_upgrade(database: Database, backups: Backups) -> None:
    if not database.waits_for_upgrade():
        return
    try:
        backups.before("upgrade")
    except BackupError as error:
        log.warning("no backup before the upgrade: %s", error)
