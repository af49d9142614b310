"""`moodtracker year-end`: what waits, what is stuck, and trying it before January."""

from collections.abc import Iterator
from datetime import UTC, datetime

import click

from moodtracker import clock
from moodtracker.accounts import people
from moodtracker.app import App, envelope
from moodtracker.cli.opened import somebody, with_app
from moodtracker.mail import rehearsal
from moodtracker.mail.rehearsal import Report
from moodtracker.mail.smtp import MailRefused, ServerTrouble, Smtp
from moodtracker.mail_address import check_address
from moodtracker.yearend import Status

_STATES = {
    "pending": "waiting for their time",
    "sending": "being sent",
    "sent": "sent, and still here",
    "held": "could not be delivered, and are held",
    "no_address": "without a verified address",
    "opted_out": "who want no mail",
    "empty": "without a mood",
}
_MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d")


@click.group("year-end")
def year_end() -> None:
    """The closing of the year, and its mails."""


@year_end.command()
@with_app
def status(app: App) -> None:
    """How many finished boards are in which state, what comes next, and what is stuck."""
    app.clock_watch.is_believed()
    for line in _status_lines(app):
        click.echo(line)


@year_end.command()
@click.option(
    "--now",
    "moment",
    type=click.DateTime(_MOMENTS),
    metavar="MOMENT",
    help="As if it were this moment (UTC), for a copy of your data.",
)
@click.option("--yes", is_flag=True, help="Do not ask whether --now is meant.")
@with_app
def run(app: App, moment: datetime | None, *, yes: bool) -> None:
    """Close what has ended and mail what is due now, held boards too."""
    if moment is not None:
        if not yes:
            click.confirm(
                "This closes every year that is over by then, mails the boards to their people "
                "and erases what is due, for real: it is meant for a copy. Go on?",
                abort=True,
            )
        with clock.standing_at(moment.replace(tzinfo=UTC)):
            app.clock_watch.confirm()
            _run(app)
        app.clock_watch.confirm()
    else:
        _run(app)


def _run(app: App) -> None:
    app.year_end.retry_held()
    app.year_end.tick()
    for line in _status_lines(app):
        click.echo(line)


@year_end.command("confirm-clock")
@with_app
def confirm_clock(app: App) -> None:
    """Say that the clock is right, after it jumped ahead: years are closed and erased again."""
    app.clock_watch.confirm()
    click.echo(f"It is {_moment(clock.now())}, then. Years are closed and erased as they are due.")


@year_end.command()
@click.option("--user", "username", help="Whose board; everybody's, where none is named.")
@click.option("--to", "address", help="Send the board there, or one of them.")
@with_app
def rehearse(app: App, username: str | None, address: str | None) -> None:
    """Draw every board as it stands and try the mail server, closing and deleting nothing.

    Says who would get no mail. Sends nothing, unless --to is given.
    """
    if app.smtp is None:
        raise click.ClickException("Set MOODTRACKER_SMTP_HOST and MOODTRACKER_MAIL_FROM first.")
    chosen = [somebody(app, username)] if username else people.everyone(app.database)
    if address:
        _send(app, app.smtp, address, chosen)
        return
    report = rehearsal.rehearse(
        app.database,
        app.smtp,
        envelope(app.settings),
        chosen,
        return_addresses=app.return_addresses,
    )
    for line in _report_lines(report):
        click.echo(line)
    if report.trouble:
        raise click.ClickException(f"The mail server does not take mails: {report.trouble}")
    click.echo(
        f"The mail server lets us in, and takes mails from {report.sender}. Nothing was sent."
    )
    if report.failed:
        raise click.ClickException(f"{len(report.failed)} board(s) could not be made.")


def _report_lines(report: Report) -> Iterator[str]:
    yield f"{report.made} board(s) drawn, the largest mail has {report.largest // 1024} KB."
    for what, who in (
        ("cannot be made", report.failed),
        ("no address", report.no_address),
        ("address not verified", report.not_verified),
        ("want no mail", report.want_no_mail),
    ):
        if who:
            yield f"{what}: {len(who)} ({', '.join(who)})"


def _send(app: App, smtp: Smtp, address: str, chosen: list[people.Person]) -> None:
    if not chosen:
        raise click.ClickException("There is nobody here yet, and so no board.")
    try:
        check_address(address)
    except ValueError:
        raise click.ClickException("--to should be an address such as ada@example.org") from None
    person = chosen[0]
    try:
        rehearsal.send(
            app.database,
            smtp,
            envelope(app.settings),
            person,
            address,
            return_addresses=app.return_addresses,
        )
    except (ServerTrouble, MailRefused) as error:
        raise click.ClickException(f"The mail server did not take it: {error}") from None
    except Exception as error:
        raise click.ClickException(
            f"The mail could not be made or handed over ({type(error).__name__})."
        ) from None
    click.echo(f"The board of {person.username} was mailed to {address}. Nothing was deleted.")


def _status_lines(app: App) -> Iterator[str]:
    found = app.year_end.status()
    if app.smtp is None:
        yield "No mail server is set: finished boards wait, and nothing is erased unseen."
    if found.doubt:
        yield (
            f"The clock went from {_moment(found.doubt.seen_at)} to "
            f"{_moment(found.doubt.doubted_at)} at once: no year is closed and nothing is erased "
            "until it is set right, or confirmed: moodtracker year-end confirm-clock"
        )
    if found.trouble:
        yield (
            f"the mail server has trouble ({found.trouble.failures} tries in vain): "
            f"{found.trouble.words}; boards wait, next try {_moment(found.trouble.quiet_until)}"
        )
    yield from _boards(found)
    if found.messages:
        reason = f"; the oldest: {found.message_reason}" if found.message_reason else ""
        yield f"other mails waiting: {found.messages}{reason}"


def _boards(found: Status) -> Iterator[str]:
    if not found.states and not found.erased:
        yield "No year has been closed yet."
    for state, meaning in _STATES.items():
        if found.states[state]:
            yield f"{state}: {found.states[state]} ({meaning})"
    if found.erased:
        yield f"sent and erased: {found.erased}"
    if found.next_try_at:
        overdue = " (due)" if found.next_try_at <= clock.now() else ""
        yield f"next mail: {_moment(found.next_try_at)}{overdue}"
    if found.next_close_at:
        yield f"next year to close: {_moment(found.next_close_at)}"
    if found.failure:
        failure = found.failure
        yield (
            f"oldest trouble: {failure.year} of {failure.username}, due "
            f"{_moment(failure.due_at)}, tried {failure.attempts} times: {failure.reason}"
        )


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"
