"""`moodtracker user`: the people of this server."""

import click

from moodtracker.accounts import people, registration
from moodtracker.app import App
from moodtracker.cli.opened import somebody, with_app


@click.group()
def user() -> None:
    """The people of this server."""


@user.command("list")
@with_app
def list_people(app: App) -> None:
    """List everyone: who they are, never how they feel."""
    for person in people.everyone(app.database):
        role = " (administrator)" if person.administrator else ""
        click.echo(f"{person.username}\t{person.email or '-'}\t{person.zone}{role}")


@user.command("reset-password")
@click.argument("username")
@click.password_option(help="The new password; asked for where it is not given.")
@with_app
def reset_password(app: App, username: str, password: str) -> None:
    """Give USERNAME a new password, and sign them out everywhere."""
    person = somebody(app, username)
    try:
        registration.set_password(app.database, person.id, password)
    except registration.InvalidInput as wrong:
        raise click.ClickException(wrong.messages["password"]) from None
    click.echo(f"{person.username} has a new password and is signed out everywhere.")
