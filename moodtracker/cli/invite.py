"""`moodtracker invite`."""

import click

from moodtracker.accounts import invitations
from moodtracker.app import App
from moodtracker.cli.opened import with_app


@click.command()
@with_app
def invite(app: App) -> None:
    """Make a link that lets one person join, once, within 7 days."""
    click.echo(invitations.link(app.settings.base_url, invitations.make(app.database, None)))
    if app.settings.registration != "invite":
        click.echo(
            "It works while MOODTRACKER_REGISTRATION=invite, "
            f"which is {app.settings.registration} now.",
            err=True,
        )
