"""`moodtracker demo`."""

import click

from moodtracker import days
from moodtracker.app import App
from moodtracker.cli.opened import with_app
from moodtracker.demo import NameTaken, make_up


@click.command()
@click.option("--zone", default="UTC", show_default=True, help="Time zone, such as Europe/Berlin.")
@with_app
def demo(app: App, zone: str) -> None:
    """Make a person with a full, clearly made-up year, to look at."""
    if zone not in days.zone_names():
        raise click.ClickException("--zone should be a time zone such as Europe/Berlin")
    try:
        person, password = make_up(app.database, zone)
    except NameTaken:
        raise click.ClickException(
            "Somebody here is called demo; their moods stay theirs."
        ) from None
    click.echo(f"Sign in as {person.username} with the password {password}")
