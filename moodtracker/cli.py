"""The operator's commands: `moodtracker COMMAND`."""

import logging
import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
from email_validator import EmailNotValidError, validate_email

from moodtracker import __version__, clock, days, logs, settings
from moodtracker.accounts import people, registration
from moodtracker.app import App, envelope
from moodtracker.database import DatabaseError
from moodtracker.demo import NameTaken, make_up
from moodtracker.mail import rehearsal
from moodtracker.mail.smtp import RecipientRefused, ServerTrouble
from moodtracker.settings import SettingsError
from moodtracker.yearend import Status


@contextmanager
def _opened() -> Iterator[App]:
    """The app as the settings say; what is wrong is said in a sentence, without a trace."""
    try:
        app = App.open(settings.load())
    except (SettingsError, DatabaseError) as error:
        raise click.ClickException(str(error)) from None
    try:
        yield app
    finally:
        app.close()


def _with_app(command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with _opened() as app:
            command(app, *args, **kwargs)

    return run


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Moodtracker: two moods a day, a year of colour, yours to keep."""
    logs.configure(logging.WARNING)


@main.command()
def serve() -> None:
    """Serve the board, as `python main.py` does."""
    # Pages may know this package, and not the other way round: so main is run, not imported.
    runpy.run_module("main", run_name="__main__")


@main.command()
@click.option("--zone", default="UTC", show_default=True, help="Time zone, such as Europe/Berlin.")
@_with_app
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


@main.group()
def user() -> None:
    """The people of this server."""


@user.command("list")
@_with_app
def list_people(app: App) -> None:
    """List everyone: who they are, never how they feel."""
    for person in people.everyone(app.database):
        role = " (administrator)" if person.administrator else ""
        click.echo(f"{person.username}\t{person.email}\t{person.zone}{role}")


@user.command("reset-password")
@click.argument("username")
@click.password_option(help="The new password; asked for where it is not given.")
@_with_app
def reset_password(app: App, username: str, password: str) -> None:
    """Give USERNAME a new password, and sign them out everywhere."""
    person = _somebody(app, username)
    try:
        registration.set_password(app.database, person.id, password)
    except registration.InvalidInput as wrong:
        raise click.ClickException(wrong.messages["password"]) from None
    click.echo(f"{person.username} has a new password and is signed out everywhere.")


@main.group("year-end")
def year_end() -> None:
    """The closing of the year, and its mails."""


@year_end.command()
@_with_app
def status(app: App) -> None:
    """How many finished boards are in which state, what comes next, and what is stuck."""
    found = app.year_end.status()
    if app.smtp is None:
        click.echo("No mail server is set: finished boards wait, and nothing is erased.")
    for line in _status_lines(found):
        click.echo(line)


@year_end.command()
@_with_app
def run(app: App) -> None:
    """Close what has ended and mail what is due now, held boards too."""
    app.year_end.retry_held()
    app.year_end.tick()
    for line in _status_lines(app.year_end.status()):
        click.echo(line)


@year_end.command()
@click.option("--user", "username", required=True, help="Whose board.")
@click.option("--to", "address", required=True, help="Where to send it.")
@_with_app
def rehearse(app: App, username: str, address: str) -> None:
    """Mail a board as it stands, deleting nothing: it shows that January will work."""
    if app.smtp is None:
        raise click.ClickException("Set MOODTRACKER_SMTP_HOST and MOODTRACKER_MAIL_FROM first.")
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise click.ClickException("--to should be an address such as ada@example.org") from None
    person = _somebody(app, username)
    try:
        rehearsal.send(app.database, app.smtp, envelope(app.settings), person, address)
    except (ServerTrouble, RecipientRefused) as error:
        raise click.ClickException(f"The mail server did not take it: {error}") from None
    click.echo(f"The board of {person.username} was mailed to {address}. Nothing was deleted.")


def _somebody(app: App, login: str) -> people.Person:
    person = people.find(app.database, login)
    if person is None:
        raise click.ClickException(f"There is nobody called {login} here.")
    return person


def _status_lines(found: Status) -> Iterator[str]:
    if not found.states and not found.erased:
        yield "No year has been closed yet."
    for state, count in sorted(found.states.items()):
        yield f"{state}: {count}"
    if found.erased:
        yield f"sent and erased: {found.erased}"
    if found.next_try_at:
        overdue = " (due)" if found.next_try_at <= clock.now() else ""
        yield f"next mail: {found.next_try_at:%Y-%m-%d %H:%M} UTC{overdue}"
    if found.failure:
        failure = found.failure
        yield (
            f"oldest trouble: {failure.year} of {failure.username}, due "
            f"{failure.due_at:%Y-%m-%d %H:%M} UTC, tried {failure.attempts} times: {failure.reason}"
        )
