"""`moodtracker year-end`: what waits, what is stuck, and trying it before January."""

from collections.abc import Iterator

import click
from email_validator import EmailNotValidError, validate_email

from moodtracker import clock
from moodtracker.app import App, envelope
from moodtracker.cli.opened import somebody, with_app
from moodtracker.mail import rehearsal
from moodtracker.mail.smtp import RecipientRefused, ServerTrouble
from moodtracker.yearend import Status


@click.group("year-end")
def year_end() -> None:
    """The closing of the year, and its mails."""


@year_end.command()
@with_app
def status(app: App) -> None:
    """How many finished boards are in which state, what comes next, and what is stuck."""
    found = app.year_end.status()
    if app.smtp is None:
        click.echo("No mail server is set: finished boards wait, and nothing is erased.")
    for line in _status_lines(found):
        click.echo(line)


@year_end.command()
@with_app
def run(app: App) -> None:
    """Close what has ended and mail what is due now, held boards too."""
    app.year_end.retry_held()
    app.year_end.tick()
    for line in _status_lines(app.year_end.status()):
        click.echo(line)


@year_end.command()
@click.option("--user", "username", required=True, help="Whose board.")
@click.option("--to", "address", required=True, help="Where to send it.")
@with_app
def rehearse(app: App, username: str, address: str) -> None:
    """Mail a board as it stands, deleting nothing: it shows that January will work."""
    if app.smtp is None:
        raise click.ClickException("Set MOODTRACKER_SMTP_HOST and MOODTRACKER_MAIL_FROM first.")
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise click.ClickException("--to should be an address such as ada@example.org") from None
    person = somebody(app, username)
    try:
        rehearsal.send(app.database, app.smtp, envelope(app.settings), person, address)
    except (ServerTrouble, RecipientRefused) as error:
        raise click.ClickException(f"The mail server did not take it: {error}") from None
    click.echo(f"The board of {person.username} was mailed to {address}. Nothing was deleted.")


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
