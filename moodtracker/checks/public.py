"""The settings themselves: names that are none, secrets that others may read."""

from collections.abc import Iterator
from pathlib import Path

from moodtracker import settings
from moodtracker.checks.finding import Finding
from moodtracker.settings import Settings

_SUBJECT = "settings"
_OTHERS = 0o007


def look(config: Settings) -> Iterator[Finding]:
    """What the settings say about themselves."""
    good = True
    for name in settings.unknown_names():
        good = False
        yield Finding.warning(
            _SUBJECT,
            f"{name} is not a setting that this version knows; it has no effect.",
            "Look for its name in docs/settings.md.",
        )
    for file in _secret_files(config):
        if file.is_file() and file.stat().st_mode & _OTHERS:
            good = False
            yield Finding.warning(
                _SUBJECT,
                f"Everybody on this machine may read {file}, which holds a secret.",
                f"chmod o= {file}",
            )
    if good:
        yield Finding.ok(_SUBJECT, f"{len(config.model_fields_set)} are set, and fit together.")


def _secret_files(config: Settings) -> Iterator[Path]:
    for name in settings.SECRETS:
        file = getattr(config, f"{name}_file")
        if file is not None:
            yield file
    if any(f"{settings.PREFIX}{name.upper()}" in settings.in_file() for name in settings.SECRETS):
        yield Path(".env")
