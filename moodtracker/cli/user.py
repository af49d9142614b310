"""`moodtracker user`: the people of this server."""

import click

from moodtracker.accounts import administrators, leaving, people, registration
from moodtracker.accounts.administrators import LastAdministrator
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


@user.command("add")
@click.argument("username")
@click.option("--email", prompt="E-mail", help="Where mails go; asked for where it is not given.")
@click.option("--first-name", prompt="First name", help="What they are called; asked for too.")
@click.option("--zone", default="UTC", show_default=True, help="Such as Europe/Berlin.")
@click.option("--administrator", is_flag=True, help="They may see /admin.")
@click.password_option(help="Their first password; asked for where it is not given.")
@with_app
def add(
    app: App,
    username: str,
    *,
    email: str,
    first_name: str,
    zone: str,
    password: str,
    administrator: bool,
) -> None:
    """Make an account for USERNAME, whoever may register by themselves."""
    given = {
        "username": username,
        "email": email,
        "first_name": first_name,
        "zone": zone,
        "password": password,
    }
    try:
        person = registration.add(
            app.database, registration.Registration.check(given), administrator=administrator
        )
    except registration.InvalidInput as wrong:
        raise click.ClickException(
            "\n".join(f"{name}: {words}" for name, words in wrong.messages.items())
        ) from None
    click.echo(f"{person.username} can sign in at {app.settings.base_url}.")


@user.command("delete")
@click.argument("username")
@click.confirmation_option(prompt="Their moods and all else are deleted for good. Go on?")
@with_app
def delete(app: App, username: str) -> None:
    """Delete USERNAME's account for good, with everything that is theirs."""
    person = somebody(app, username)
    try:
        farewell = leaving.delete_account(app.database, person.id)
    except LastAdministrator:
        raise click.ClickException(
            f"{person.username} is the only administrator. Make somebody else one first: "
            "moodtracker user promote USERNAME"
        ) from None
    click.echo(f"The account of {person.username} is deleted.")
    app.goodbyes.say(farewell)


@user.command("promote")
@click.argument("username")
@with_app
def promote(app: App, username: str) -> None:
    """Make USERNAME an administrator."""
    person = somebody(app, username)
    administrators.promote(app.database, person.id)
    click.echo(f"{person.username} is an administrator now.")


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
