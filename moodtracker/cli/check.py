"""`moodtracker check`: is everything there, and does it work."""

import textwrap

import click

from moodtracker import checks

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "fault": ("FAULT", "red")}
_INDENT = " " * 22
_WIDTH = 96


@click.command()
@click.option("--send-to", metavar="ADDRESS", help="Send a real test mail there.")
@click.pass_context
def check(context: click.Context, send_to: str | None) -> None:
    """Look at settings, data, database, clock, proxy and mail; say what is wrong, and the cure.

    Ends with 1 where there is a fault, else with 0.
    """
    faults = 0
    for finding in checks.look(send_to):
        word, colour = _MARKS[finding.state]
        faults += finding.state == "fault"
        click.echo(click.style(f"{word:<8}", fg=colour) + f"{finding.subject:<14}", nl=False)
        click.echo(_wrapped(finding.words).lstrip())
        if finding.cure:
            click.echo(_wrapped(f"-> {finding.cure}"))
    context.exit(1 if faults else 0)


def _wrapped(words: str) -> str:
    return textwrap.fill(
        words,
        _WIDTH,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
