"""Times that a clock wrote which ran ahead, and was set right since: they count from now on.

Each would else last for as long as the clock was ahead: a session, a link, an address in the audit
log, a mail that waits. What is asked at once, such as a throttle, holds by itself as well.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, delete, update

from moodtracker import clock
from moodtracker.accounts import invitations as invited
from moodtracker.accounts import links as linked
from moodtracker.database import Database
from moodtracker.models import (
    SealedYearRow,
    audit,
    installation,
    invitations,
    links,
    mail_counts,
    messages,
    recipients,
    sealed_years,
    sessions,
    throttles,
    users,
)

# Clocks of several instances differ a little, and so does one that is corrected.
_SLACK = timedelta(days=1)

# When something happened: never later than now.
_PAST: tuple[Column[Any], ...] = (
    users.visited_at,
    sessions.created_at,
    sessions.seen_at,
    audit.at,
    messages.created_at,
    sealed_years.sealed_at,
    sealed_years.sent_at,
    sealed_years.downloaded_at,
    invitations.created_at,
)
# What is to come, and how far off it may be.
_COMING: tuple[tuple[Column[Any], timedelta], ...] = (
    (users.year_open_until, timedelta(days=1)),
    (messages.next_try_at, timedelta(days=1)),
    (installation.mail_quiet_until, timedelta(days=1)),
    (links.expires_at, max(linked.LIFETIMES.values())),
    (invitations.expires_at, invited.LIFETIME),
)


def set_right(database: Database) -> None:
    """Let what lies further ahead than it can be count as of now; what counts tries is deleted.

    To be called by a clock that is believed.
    """
    now = clock.now()
    with database.write() as session:
        for column, furthest in (*((column, timedelta(0)) for column in _PAST), *_COMING):
            is_ahead = column > now + furthest + _SLACK
            session.execute(update(column.table).where(is_ahead).values({column: now}))
        # A board may wait for its own New Year, however far off, but not for longer.
        is_put_off = sealed_years.next_try_at > sealed_years.due_at
        session.execute(
            update(SealedYearRow)
            .where(is_put_off, sealed_years.next_try_at > now + _SLACK)
            .values(next_try_at=now)
        )
        for column in (throttles.failed_at, mail_counts.minute, recipients.since):
            session.execute(delete(column.table).where(column > now + _SLACK))
