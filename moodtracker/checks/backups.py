"""The daily backups: are they on, and is the last one fresh and whole."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from moodtracker import clock
from moodtracker.backups import BackupError, Backups, look_at
from moodtracker.checks.finding import Finding
from moodtracker.settings import Settings

_SUBJECT = "backups"
_FRESH = timedelta(days=2)


def look(config: Settings) -> Iterator[Finding]:
    """Whether the moods would survive a loss of the database."""
    if config.database_file is None:
        yield Finding.warning(
            _SUBJECT,
            "PostgreSQL makes its own, and they cannot be seen from here.",
            "Run pg_dump every day; moodtracker backup prints the command.",
        )
        return
    if config.backup_keep == 0:
        yield Finding.warning(
            _SUBJECT,
            "They are off: what is lost with the disk is lost.",
            "Set MOODTRACKER_BACKUP_KEEP to 7, or make your own with moodtracker backup FILE.",
        )
        return
    if not config.database_file.exists():
        yield Finding.ok(_SUBJECT, "The first is made with the first start.")
        return
    backups = Backups(config.database_file, config.backup_dir, config.backup_keep).all()
    if not backups:
        yield Finding.warning(
            _SUBJECT,
            f"There is none in {config.backup_dir} yet.",
            "Start Moodtracker: it makes one at once, and then each day. If it runs, see its log.",
        )
        return
    last = backups[0]
    try:
        found = look_at(last)
    except BackupError as error:
        yield Finding.fault(
            _SUBJECT, str(error), f"Delete {last}: a new one is made within an hour."
        )
        return
    made_at = datetime.fromtimestamp(last.stat().st_mtime, UTC)
    if clock.now() - made_at > _FRESH:
        yield Finding.warning(
            _SUBJECT,
            f"The last one is {last.name}, made {(clock.now() - made_at).days} days ago.",
            "Is Moodtracker running? If it is, its log says why there is no newer one.",
        )
        return
    yield Finding.ok(_SUBJECT, f"{last.name} is whole: {found}. Copy it to another machine.")
