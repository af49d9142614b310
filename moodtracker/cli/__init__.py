"""The operator's commands, `moodtracker COMMAND`: one module for each subject."""

import logging
import os
from importlib import import_module

import click

from moodtracker import __version__, logs

# Where each command is; only the one that is asked for is loaded, which keeps each quick.
_COMMANDS = {
    "serve": "serve",
    "check": "check",
    "healthcheck": "healthcheck",
    "user": "user",
    "invite": "invite",
    "year-end": "year_end",
    "bounce": "bounce",
    "backup": "backup",
    "restore": "backup",
    "demo": "demo",
    "partitions": "partitions",
}


class _Commands(click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = import_module(f"moodtracker.cli.{_COMMANDS[name]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command


@click.group(cls=_Commands)
@click.version_option(__version__)
def main() -> None:
    """Moodtracker: two moods a day, a year of colour, yours to keep."""
    logs.configure(logging.WARNING)
    os.umask(0o077)  # what is written here is for nobody else on this machine
