"""The app without its pages: everything that the settings decide, put together once."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from moodtracker import clock, ledger, ran_ahead
from moodtracker.accounts import (
    administrators,
    audit,
    invitations,
    linking,
    links,
    passwords,
    people,
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
from moodtracker.database_clock import DatabaseClock
from moodtracker.diary import Diary
from moodtracker.instances import Instances
from moodtracker.live import Live
from moodtracker.mail import post, recipients, rehearsal, reminder, trouble
from moodtracker.mail.account import AccountMails
from moodtracker.mail.bounces import Bounces
from moodtracker.mail.goodbye import Goodbyes
from moodtracker.mail.lanes import Boards, Messages
from moodtracker.mail.letter import Envelope
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.outbox import Outbox
from moodtracker.mail.recipients import Recipients
from moodtracker.mail.return_address import ReturnAddresses
from moodtracker.mail.smtp import Smtp
from moodtracker.mail.unsubscribe import Unsubscribing
from moodtracker.pings import Pings
from moodtracker.preferences import Preferences
from moodtracker.readiness import Readiness
from moodtracker.reminding import Reminding
from moodtracker.secret import Secret
from moodtracker.settings import Settings
from moodtracker.troubles import Kind, Troubles, lasting
from moodtracker.yearend import YearEnd

if TYPE_CHECKING:
    from moodtracker.accounts.provider import Provider

log = logging.getLogger(__name__)

_TICK = timedelta(minutes=1)
_POST = timedelta(seconds=5)  # somebody waits for it
_LEAVE_NO_TRACE = timedelta(seconds=10)
_PING = timedelta(minutes=5)
_LONGEST_ROUND = timedelta(minutes=30)  # of the clock of the year
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
    goodbyes: Goodbyes
    recipients: Recipients
    return_addresses: ReturnAddresses
    unsubscribing: Unsubscribing
    clock_watch: ClockWatch
    year_end: YearEnd
    closed_years: ClosedYears
    bounces: Bounces
    reminding: Reminding
    troubles: Troubles
    backups: Backups | None  # None: PostgreSQL has its own
    instances: Instances | None  # None: this one is alone
    database_clock: DatabaseClock | None  # None: this machine's own counts
    readiness: Readiness

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the database, bring its schema up to date, and put the parts together.

        Raises :class:`~moodtracker.database.DatabaseError`, and
        :class:`~moodtracker.settings.SettingsError` where the secret key cannot be read.
        """
        backups = _backups(settings)
        database = Database(settings.database_url, settings.database_limits)
        if backups:
            backups.refuse_empty_beside_them()
            _back_up_before_upgrade(database, backups)
        database.migrate()
        knows_people = _knows_people(database)
        if backups and not knows_people:
            backups.refuse_new_beside_people()
        database_clock = None
        if not database.is_sqlite:
            database_clock = DatabaseClock(database)
            database_clock.follow()
        log.info("%s", database.version())
        is_new = Secret.is_missing(settings)
        secret = Secret.of(settings)
        if is_new and knows_people:
            log.warning(
                "there was no secret key, and a new one was made in %s: links in emails sent so "
                "far stop working. Put the old one back if you have a copy",
                settings.data_dir,
            )
        throttle = Throttle(database, secret)
        passwords.set_cost(
            settings.password_memory_kib, settings.password_passes, settings.password_lanes
        )
        smtp = Smtp.from_settings(settings)
        watch = ClockWatch(database)
        closing = Closing(
            settings.year_end_mail_at,
            timedelta(days=settings.year_end_keep_days),
            envelope(settings).domain,
            has_mail=smtp is not None,
            hears_bounces=settings.bounce_address is not None,
        )
        unsubscribing = Unsubscribing(secret, settings.base_url)
        return_addresses = ReturnAddresses(secret, settings.bounce_address)
        mailboxes = Recipients(secret)
        outbox = None
        limit = HourlyLimit(settings.smtp_hourly_limit)
        if smtp:
            sender = envelope(settings)
            boards = Boards(database, sender, unsubscribing, watch.is_believed, return_addresses)
            asked = Messages(
                database,
                AccountMails(database, sender).writers()
                | rehearsal.writers(database, sender)
                | trouble.writers(database, sender)
                | reminder.writers(database, sender, unsubscribing),
                mailboxes,
                return_addresses,
            )
            outbox = Outbox(database, smtp, sender, [asked, boards], limit=limit)
        return cls(
            settings,
            secret,
            database,
            throttle,
            Proving(database, throttle, secret),
            _provider(settings),
            database.live,
            Diary(database),
            Preferences(database),
            smtp,
            outbox,
            Goodbyes(database, smtp, envelope(settings), limit),
            mailboxes,
            return_addresses,
            unsubscribing,
            watch,
            YearEnd(database, closing, watch, outbox),
            ClosedYears(database, closing),
            Bounces(database, return_addresses),
            Reminding(database),
            Troubles(database, watch, backups, has_mail=smtp is not None),
            backups,
            None if database.is_sqlite else Instances(database),
            database_clock,
            Readiness(database),
        )

    def ticks_of_pages(self) -> clock.Ticks:
        """The clock of a process that serves pages alone, not yet started."""
        ticks = clock.Ticks()
        ticks.every(_LEAVE_NO_TRACE, self.database.forget_the_rest)
        return ticks

    def ticks(self) -> clock.Ticks:
        """The clock that makes this app act by itself, not yet started."""
        ticks = self.ticks_of_pages()
        ticks.every(_TICK, self.year_end.tick)
        ticks.before_stop(self.year_end.stop)
        if self.outbox:
            ticks.every(_TICK, self.reminding.tick)
            ticks.every(_POST, self.outbox.deliver_due)
        ticks.every(_TICK, self.troubles.tick)
        if self.settings.healthcheck_url:
            url = self.settings.healthcheck_url.get_secret_value()
            ticks.every(_PING, Pings(url, self._is_well).ping)
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
        ran_ahead.set_right(self.database)
        counted = (throttling, recipients)
        for kept in (sessions, links, linking, invitations, *counted, audit, post, ledger):
            kept.forget_old(self.database)

    def _is_well(self) -> bool:
        """Whether the clock of the year does its rounds, and nothing is wrong but held boards.

        Those wait for their people, who are told, for weeks perhaps.
        """
        if not self.year_end.has_done_a_round_within(_LONGEST_ROUND):
            return False
        with self.database.read() as session:
            return all(found.kind == Kind.HELD for found in lasting(session))

    @property
    def setup_code(self) -> str | None:
        """What the first person has to show; None where it listens to its own machine alone."""
        return None if self.settings.is_local else setup_code.of(self.secret)

    def listen(self) -> None:
        """Begin to hear what changes on other instances, and to follow the database's clock."""
        if self.instances:
            self.instances.start()
        if self.database_clock:
            self.database_clock.start()

    def close(self) -> None:
        """Stop listening, and close the database."""
        self.readiness.stop()
        if self.instances:
            self.instances.stop()
        if self.database_clock:
            self.database_clock.stop()
        self.database.close()


def envelope(settings: Settings) -> Envelope:
    """What all mails have in common, by the settings."""
    return Envelope(settings.mail_from or "", settings.base_url, settings.year_end_keep_days)


def _knows_people(database: Database) -> bool:
    """Whether anybody is here, or once was."""
    with database.read() as session:
        return administrators.is_founded(session) or people.anybody_in(session)


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
