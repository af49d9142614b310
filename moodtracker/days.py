"""Whose day is it: which date a moment belongs to, in a person's zone.

A person's day begins when their wall clock first shows their end-of-day hour (0 to 5) on that
date, and lasts until the next one begins. Told by beginnings, a day can neither come back nor be
doubled when clocks change, and a date that a zone skipped (Samoa, 30 December 2011) has no length.
"""

import logging
from bisect import bisect
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

log = logging.getLogger(__name__)

LATEST_DAY_END_HOUR = 5
MINUTES_A_DAY = 24 * 60
_EVENING_HOUR = 15

# Between the first and the last zone on earth lie 26 hours, and a day may end 5 hours late:
# a written day further ahead than this was written by a wrong clock, not by a traveller.
_FURTHEST_MOVE = timedelta(days=2)
# A year ends at most this long after 31 December has begun in UTC, wherever and however late.
_FURTHEST_END = timedelta(days=3)
# No zone has ever changed its clocks twice in so short a time.
_BETWEEN_CHANGES = timedelta(hours=6)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every zone that a person may choose, by IANA name."""
    return frozenset(
        name
        for name in available_timezones()
        if not name.startswith(("posix/", "right/", "SystemV/")) and name != "localtime"
    )


def zone_of(name: str) -> tzinfo:
    """The zone with this IANA name; UTC where the machine does not know it any more."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # none by this name; no name; a damaged file
        _say_unknown(name)
        return UTC


def is_known(zone: str) -> bool:
    """Whether the machine knows the zone."""
    return zone_of(zone) is not UTC


@lru_cache  # once, and not each minute
def _say_unknown(name: str) -> None:
    log.error("this machine does not know the time zone %s: UTC takes its place", name)


def begins_at(day: date, zone: str, day_end_hour: int = 0) -> datetime:
    """The moment (aware, UTC) at which ``day`` begins in ``zone``.

    An hour that the clocks skip is told by what they showed before; of an hour that they repeat,
    the first one counts (PEP 495, fold=0). So days neither overlap nor leave a gap.
    """
    local = datetime.combine(day, time(day_end_hour), zone_of(zone))
    return local.astimezone(UTC)


def ends_at(day: date, zone: str, day_end_hour: int = 0) -> datetime:
    """The moment (aware, UTC) at which ``day`` is over."""
    return begins_at(day + timedelta(days=1), zone, day_end_hour)


def day_of(moment: datetime, zone: str, day_end_hour: int = 0) -> date:
    """The day that ``moment`` (aware) belongs to."""
    day = (moment.astimezone(zone_of(zone)) - timedelta(hours=day_end_hour)).date()
    while ends_at(day, zone, day_end_hour) <= moment:
        day += timedelta(days=1)
    while begins_at(day, zone, day_end_hour) > moment:
        day -= timedelta(days=1)
    return day


def today(
    moment: datetime,
    zone: str,
    day_end_hour: int = 0,
    latest_day: date | None = None,
    year_open_until: datetime | None = None,
) -> date:
    """The one day that can be written at ``moment`` (D2, D3).

    ``latest_day`` is the latest day that the person has written: after a move west it stays
    today until the local date has caught up, so that no day is reopened and none doubled (D4).
    Before ``year_open_until`` (aware) it is 31 December at most (Y7).
    """
    local = day_of(moment, zone, day_end_hour)
    if latest_day is not None and local < latest_day <= local + _FURTHEST_MOVE:
        local = latest_day
    if year_open_until is not None and moment < year_open_until:
        return min(local, date((year_open_until - _FURTHEST_END).year, 12, 31))
    return local


def year_ends_at(day: date, zone: str, day_end_hour: int = 0) -> datetime:
    """The moment (aware, UTC) at which the year of ``day`` is over (Y1)."""
    return begins_at(date(day.year + 1, 1, 1), zone, day_end_hour)


def is_evening(moment: datetime, zone: str, day_end_hour: int = 0) -> bool:
    """Whether ``moment`` is in the second part of its day: from 15:00 until the day's end."""
    hour = moment.astimezone(zone_of(zone)).hour
    return hour >= _EVENING_HOUR or hour < day_end_hour


def clock_time(moment: datetime, zone: str) -> str:
    """The wall-clock time of ``moment`` in ``zone``, as HH:MM."""
    return moment.astimezone(zone_of(zone)).strftime("%H:%M")


def wall_minutes(moments: Iterable[str], zone: str, year: int) -> list[int]:
    """The wall-clock time in ``zone`` of each moment, in minutes of its day, 0 to 1439.

    Moments are in UTC and written as databases keep them, '2026-11-23 09:12:33.456'; most of them
    are of ``year``. The same as asking each for its local time, and many times quicker.
    """
    changes, offsets = _clock_changes(zone, year)
    since = until = changes[0]
    shown: dict[str, int] = {}
    minutes = []
    for moment in moments:
        if not since <= moment < until:
            place = bisect(changes, moment)
            if not 0 < place < len(changes):  # of another year
                utc = datetime.fromisoformat(moment).replace(tzinfo=UTC)
                local = utc.astimezone(zone_of(zone))
                minutes.append(local.hour * 60 + local.minute)
                continue
            since, until = changes[place - 1], changes[place]
            shown = _shown_at(offsets[place - 1])
        minutes.append(shown[moment[11:16]])
    return minutes


@lru_cache(maxsize=64)
def _shown_at(offset: int) -> dict[str, int]:
    """For each minute of UTC, '09:12', what clocks show that are so many minutes before it."""
    minutes = range(MINUTES_A_DAY)
    return {f"{at // 60:02}:{at % 60:02}": (at + offset) % MINUTES_A_DAY for at in minutes}


@lru_cache(maxsize=1024)  # there are some 600 zones
def _clock_changes(zone: str, year: int) -> tuple[list[str], list[int]]:
    """The moments between which the clocks go on evenly, and their offsets meanwhile, in minutes.

    The first moment is a little before the year and the last one a little after it; they are in
    UTC, '2026-03-29 01:00:00', so that they are in order as texts too.
    """
    clock = zone_of(zone)
    before = datetime(year, 1, 1, tzinfo=UTC) - _FURTHEST_END
    end = datetime(year + 1, 1, 1, tzinfo=UTC) + _FURTHEST_END
    changes, offsets = [before], [_offset(before, clock)]
    while before < end:
        after = before + _BETWEEN_CHANGES
        if (offset := _offset(after, clock)) != offsets[-1]:
            changes.append(_change_between(before, after, clock))
            offsets.append(offset)
        before = after
    return [f"{change:%Y-%m-%d %H:%M:%S}" for change in (*changes, before)], offsets


def _change_between(before: datetime, after: datetime, clock: tzinfo) -> datetime:
    """The whole second from which on the clocks show what they show at ``after``."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _offset(middle, clock) == _offset(before, clock):
            before = middle
        else:
            after = middle
    return after


def _offset(moment: datetime, clock: tzinfo) -> int:
    return (moment.astimezone(clock).utcoffset() or timedelta()) // timedelta(minutes=1)
