"""The clock and the zone data: a year ends by them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import TZPATH

from sqlalchemy import func, select

from moodtracker import clock, days
from moodtracker.checks.database import usable
from moodtracker.checks.finding import Finding
from moodtracker.clock_watch import RELEASED, ClockWatch, Doubt
from moodtracker.models import entries, sessions, users
from moodtracker.settings import Settings

_CLOCK = "clock"
_ZONES = "zones"
_A_DAY = timedelta(days=1)


def look(config: Settings) -> Iterator[Finding]:
    """Whether the clock can be right."""
    present = clock.now()
    cure = "Set the clock, and keep it with NTP: timedatectl set-ntp true."
    if present < RELEASED:
        yield Finding.fault(_CLOCK, f"It says {present:%Y-%m-%d}, which is long past.", cure)
        return
    written = _last_written(config)
    if written and written - present > _A_DAY:
        yield Finding.fault(
            _CLOCK,
            f"It says {present:%Y-%m-%d %H:%M} UTC, but something was written "
            f"on {written:%Y-%m-%d %H:%M}: it went back, or was ahead then.",
            cure,
        )
        return
    doubt = _doubt(config)
    if doubt:
        yield Finding.fault(
            _CLOCK,
            f"It went from {doubt.seen_at:%Y-%m-%d %H:%M} to {doubt.doubted_at:%Y-%m-%d %H:%M} UTC "
            "at once: no year is closed and nothing is erased.",
            "Set the clock right, or confirm it: moodtracker year-end confirm-clock.",
        )
        return
    yield Finding.ok(_CLOCK, f"{present:%Y-%m-%d %H:%M} UTC. Compare it with your watch.")


def _doubt(config: Settings) -> Doubt | None:
    with usable(config) as database:
        return ClockWatch(database).doubt() if database else None


def look_at_zones(config: Settings) -> Iterator[Finding]:
    """Whether the zone of each person is known here."""
    known = days.zone_names()
    missing = sorted(_zones(config) - set(known))
    if missing:
        yield Finding.fault(
            _ZONES,
            f"People live in {', '.join(missing)}, which this machine's zone data do not know.",
            "Install newer zone data: Debian's package tzdata, or pip install --upgrade tzdata.",
        )
        return
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    if noon.astimezone(days.zone_of("Europe/Berlin")).hour != 14:
        yield Finding.fault(
            _ZONES,
            f"The zone data in {', '.join(TZPATH)} are wrong: summer in Berlin is two hours ahead.",
            "Install them anew: Debian's package tzdata.",
        )
        return
    yield Finding.ok(_ZONES, f"{len(known)} are known.")


def _last_written(config: Settings) -> datetime | None:
    with usable(config) as database:
        if database is None:
            return None
        with database.read() as session:
            moments = [
                session.scalar(select(func.max(column)))
                for column in (entries.recorded_at, sessions.created_at, users.created_at)
            ]
    return max((moment for moment in moments if moment), default=None)


def _zones(config: Settings) -> set[str]:
    with usable(config) as database:
        if database is None:
            return set()
        with database.read() as session:
            return set(session.scalars(select(users.zone).distinct()))
