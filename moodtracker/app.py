"""The app without its pages: everything that the settings decide, put together once."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from moodtracker import clock
from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.diary import Diary
from moodtracker.live import Live
from moodtracker.mail.outbox import Envelope, Outbox
from moodtracker.mail.smtp import Smtp
from moodtracker.settings import Settings
from moodtracker.yearend import Closing, YearEnd

log = logging.getLogger(__name__)

_TICK = timedelta(minutes=1)
_CLEAN_UP = timedelta(hours=6)


@dataclass(frozen=True)
class App:
    """What pages and commands work with."""

    settings: Settings
    database: Database
    live: Live
    diary: Diary
    smtp: Smtp | None
    year_end: YearEnd

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the database, bring its schema up to date, and put the parts together.

        Raises :class:`~moodtracker.database.DatabaseError`.
        """
        database = Database(settings.database_url)
        database.migrate()
        log.info("%s", database.version())
        live = Live()
        smtp = Smtp.from_settings(settings)
        return cls(
            settings,
            database,
            live,
            Diary(database, live),
            smtp,
            YearEnd(
                database,
                live,
                Closing(
                    settings.year_end_mail_at,
                    timedelta(days=settings.year_end_keep_days),
                    envelope(settings).domain,
                ),
                Outbox(database, smtp, envelope(settings)) if smtp else None,
            ),
        )

    def ticks(self) -> clock.Ticks:
        """The clock that makes this app act by itself, not yet started."""
        ticks = clock.Ticks()
        ticks.every(_TICK, self.year_end.tick)
        ticks.every(_CLEAN_UP, self.forget_old_sessions)
        return ticks

    def forget_old_sessions(self) -> None:
        """Delete the sessions that are too old to be used."""
        sessions.forget_old(self.database)

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def envelope(settings: Settings) -> Envelope:
    """What all mails have in common, by the settings."""
    return Envelope(settings.mail_from or "", settings.base_url, settings.year_end_keep_days)
