"""Numbers for Prometheus: how much is asked, how fast it is answered, what waits.

Its text format is a few lines (Prometheus, "Exposition formats", 0.0.4), so it is written here
rather than by a library. No number tells of a person or a mood.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from resource import getpagesize

from sqlalchemy import func, select

from moodtracker import __version__, clock
from moodtracker.app import App
from moodtracker.models import messages
from moodtracker.troubles import held_boards, oldest_due_at

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0)  # seconds


class Requests:
    """Counts what this process has answered since it started; used from its event loop alone."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._statuses: Counter[str] = Counter()
        self._buckets = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0

    def count(self, status: int, seconds: float) -> None:
        """Count one answer."""
        self._statuses[f"{status // 100}xx"] += 1
        self._buckets[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def lines(self) -> Iterator[str]:
        """What was counted."""
        yield "# TYPE moodtracker_requests_total counter"
        for status, count in sorted(self._statuses.items()):
            yield f'moodtracker_requests_total{{status="{status}"}} {count}'
        yield "# TYPE moodtracker_request_seconds histogram"
        total = 0
        for bound, count in zip((*_BUCKETS, "+Inf"), self._buckets, strict=True):
            total += count
            yield f'moodtracker_request_seconds_bucket{{le="{bound}"}} {total}'
        yield f"moodtracker_request_seconds_sum {self._seconds:.6f}"
        yield f"moodtracker_request_seconds_count {total}"


def text(app: App, requests: Requests, open_pages: int) -> str:
    """All numbers, as Prometheus reads them."""
    return "\n".join((*requests.lines(), *_present(app, open_pages))) + "\n"


def _present(app: App, open_pages: int) -> Iterator[str]:
    yield from _gauge("build_info", {f'version="{__version__}"': 1})
    yield from _gauge("ready", {"": int(app.readiness.is_ready())})
    yield from _gauge("open_pages", {"": open_pages})
    found = app.year_end.status()
    states = found.states
    yield from _gauge("mail_trouble", {"": int(found.trouble is not None)})
    yield from _gauge("clock_doubt", {"": int(found.doubt is not None)})
    yield from _gauge("closed_years", {f'state="{name}"': n for name, n in states.items()})
    with app.database.read() as session:
        waiting = session.execute(select(messages.state, func.count()).group_by(messages.state))
        yield from _gauge("boards_held", {"": held_boards(session)})
        due_at = oldest_due_at(session) if app.outbox else None
        waits = clock.now() - due_at if due_at else clock.NO_TIME
        yield from _gauge("oldest_due_mail_seconds", {"": max(0, int(waits.total_seconds()))})
        yield from _gauge("mails_waiting", {f'state="{name}"': n for name, n in waiting})
    if app.backups and (made := app.backups.all()):
        at = datetime.fromtimestamp(made[0].stat().st_mtime, UTC)
        yield from _gauge("last_backup_timestamp_seconds", {"": int(at.timestamp())})
    statm = Path("/proc/self/statm")
    if statm.exists():
        resident = int(statm.read_text(encoding="ascii").split()[1]) * getpagesize()
        yield from _gauge("resident_memory_bytes", {"": resident})


def _gauge(name: str, values: dict[str, int]) -> Iterator[str]:
    yield f"# TYPE moodtracker_{name} gauge"
    for labels, value in sorted(values.items()):
        yield f"moodtracker_{name}{f'{{{labels}}}' if labels else ''} {value}"
