"""Whether everything that the app needs is there and works: for its administrator and operator.

Looking changes nothing: no folder is made, no schema upgraded. Each module looks at one subject.
"""

from collections.abc import Callable, Iterator

from moodtracker import settings
from moodtracker.checks import (
    address,
    backups,
    bounces,
    clock,
    data,
    database,
    mail,
    provider,
    public,
)
from moodtracker.checks.finding import Finding
from moodtracker.settings import Settings, SettingsError

_CHECKS: tuple[tuple[str, Callable[[Settings], Iterator[Finding]]], ...] = (
    ("settings", public.look),
    ("data folder", data.look),
    ("secret key", data.look_at_secret),
    ("database", database.look),
    ("backups", backups.look),
    ("clock", clock.look),
    ("zones", clock.look_at_zones),
    ("address", address.look),
    ("sign-in", provider.look),
    ("bounces", bounces.look),
)


def look(send_to: str | None = None) -> Iterator[Finding]:
    """All findings, each as soon as it is there; ``send_to`` gets a real mail."""
    try:
        config = settings.load()
    except SettingsError as error:
        for line in str(error).splitlines():
            yield Finding.fault("settings", line, "Mend it in the environment or in .env.")
        return
    yield from look_at(config, send_to)


def look_at(config: Settings, send_to: str | None = None) -> Iterator[Finding]:
    """All findings for settings that were read."""
    for subject, check in _CHECKS:
        yield from _unbroken(subject, check(config))
    yield from _unbroken("mail", mail.look(config, send_to))


def _unbroken(subject: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings; a check that breaks is a finding, and the others go on."""
    try:
        yield from findings
    except Exception as error:
        yield Finding.fault(
            subject,
            f"This could not be looked at ({type(error).__name__}).",
            "Mend what is said above first. If nothing is, this is a bug worth reporting.",
        )
