"""When a closed year may be erased: the one place that decides it (Y5, Y5a).

It is said twice, side by side: to the database, which erases, as a condition, and to the person,
who is told beforehand, as a moment.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, true
from sqlalchemy.orm import aliased
from sqlmodel import col

from moodtracker import days
from moodtracker.models import SealedYearRow, sealed_years, users

# States of a year that nobody tries to mail; without a mail server, those that wait are stuck too.
CANNOT_BE_MAILED = ("held", "no_address", "opted_out")

# How long a year that nobody has is there to be seen, before a newer one takes its place.
TO_BE_SEEN = timedelta(days=30)
# By then the next year is over as well, and a month more.
_NEXT_YEAR = timedelta(days=366) + TO_BE_SEEN
# What was downloaded is kept so long at the least, in case the file is lost.
_AFTER_DOWNLOAD = timedelta(days=1)


def may_be_erased(
    now: datetime, keep: timedelta, *, has_mail: bool, hears_bounces: bool
) -> ColumnElement[bool]:
    """Whether the time of a sealed year has come.

    Its person has to have all of it, and to have had a while since: ``keep`` after its mail was
    taken, with all notes in it or downloaded; where nobody tries to mail it, ``keep`` after it was
    downloaded, and since it cannot be mailed. What its person does not have stays until the next
    year has closed and they had a month to see it.

    Where bounces are heard of, a mail that was taken has arrived once the days are over in which
    they come. Where they are not, its person has been here since, and has seen that it was mailed,
    or the next year is over as well (Y5b).
    """
    c = sealed_years
    stuck_since = func.coalesce(c.stuck_since, c.sealed_at)
    after_download = now - max(keep, _AFTER_DOWNLOAD)
    long_enough = now - max(keep, TO_BE_SEEN)
    newer = aliased(SealedYearRow)
    has_newer = exists().where(col(newer.user_id) == c.user_id, col(newer.year) > c.year)
    is_sent = c.state == "sent"
    is_stuck = c.state.in_(_stuck_states(has_mail=has_mail))
    has_all_notes = or_(c.notes == 0, c.notes_mailed, c.downloaded_at <= now - _AFTER_DOWNLOAD)
    was_here = exists().where(
        users.id == c.user_id, users.visited_at > c.sent_at, users.visited_at <= now
    )
    has_arrived = true() if hears_bounces else or_(was_here, c.sealed_at <= now - _NEXT_YEAR)
    return and_(
        c.moods.is_not(None),
        or_(
            and_(is_sent, c.sent_at <= now - keep, has_all_notes, has_arrived),
            and_(is_stuck, c.downloaded_at <= after_download, stuck_since <= after_download),
            and_(
                has_newer,
                c.downloaded_at.is_(None),
                c.sealed_at <= now - TO_BE_SEEN,
                or_(
                    and_(is_sent, c.sent_at <= long_enough),
                    and_(is_stuck, stuck_since <= now - TO_BE_SEEN),
                ),
            ),
        ),
    )


def erased_from(row: Row[Any], keep: timedelta, *, has_mail: bool) -> datetime | None:
    """The moment of which :func:`may_be_erased` speaks; None while it depends on the person.

    Then the year is here until :func:`kept_until` at the least.
    """
    sent_at: datetime | None = row.sent_at
    downloaded_at: datetime | None = row.downloaded_at
    stuck_since: datetime = row.stuck_since or row.sealed_at
    if row.state == "sent" and sent_at:
        if not row.notes or row.notes_mailed:
            return sent_at + keep
        if downloaded_at:
            return max(sent_at + keep, downloaded_at + _AFTER_DOWNLOAD)
    if row.state in _stuck_states(has_mail=has_mail) and downloaded_at:
        return max(downloaded_at, stuck_since) + max(keep, _AFTER_DOWNLOAD)
    return None


def kept_until(row: Row[Any], now: datetime, zone: str) -> date:
    """The last day on which a year that its person does not have is here for sure."""
    year: int = row.year
    since: datetime = row.stuck_since or (row.sealed_at if row.state in CANNOT_BE_MAILED else now)
    if row.state == "sent" and row.sent_at:
        since = row.sent_at
    sealed_at: datetime = row.sealed_at
    seen = (max(since, sealed_at) + TO_BE_SEEN).astimezone(days.zone_of(zone)).date()
    return max(date(year + 1, 12, 31), seen - timedelta(days=1))


def _stuck_states(*, has_mail: bool) -> tuple[str, ...]:
    return CANNOT_BE_MAILED if has_mail else ("pending", *CANNOT_BE_MAILED)
