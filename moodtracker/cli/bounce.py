"""`moodtracker bounce`: what a mail server sends back, for a pipe or a mailbox rule."""

import os
import sys
from typing import NoReturn

import click

from moodtracker.cli.opened import opened
from moodtracker.mail import dsn
from moodtracker.mail.dsn import NoReport


@click.command()
@click.argument("recipient", required=False)
def bounce(recipient: str | None) -> None:
    """Read a report of a mail that could not be delivered, from standard input.

    RECIPIENT is the address that it came to, where the mail itself does not tell. A board that came
    back is held, and its person told.

    Ends with 0 where the mail was read, also where it is about nothing here; with 65 where it is no
    mail or a broken report; with 75 where it should be tried again later (sysexits.h).
    """
    content = sys.stdin.buffer.read(dsn.LARGEST + 1)
    try:
        report = dsn.read(content)
    except NoReport as error:
        _fail(str(error), os.EX_DATAERR)
    except Exception as error:
        # Whatever strangers send, a pipe gets a sentence and a status that it knows.
        _fail(f"It cannot be read as a mail ({type(error).__name__}).", os.EX_DATAERR)
    try:
        with opened() as app:
            outcome = app.bounces.take(report, [recipient] if recipient else [])
    except click.ClickException as error:
        _fail(error.message, os.EX_TEMPFAIL)
    except Exception as error:
        _fail(f"It cannot be written down now ({type(error).__name__}).", os.EX_TEMPFAIL)
    click.echo(outcome)


def _fail(words: str, status: int) -> NoReturn:
    click.echo(words, err=True)
    raise click.exceptions.Exit(status)
