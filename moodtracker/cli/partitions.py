"""`moodtracker partitions`."""

import click

from moodtracker import partitions as pieces
from moodtracker.app import App
from moodtracker.cli.opened import with_app
from moodtracker.partitions import SplitError


@click.command()
@click.option(
    "--split", is_flag=True, help="Split what is not split yet. Stop all instances first."
)
@click.option(
    "--parts",
    type=click.IntRange(2, 1024),
    default=pieces.PARTS,
    show_default=True,
    help="Into how many.",
)
@with_app
def partitions(app: App, split: bool, parts: int) -> None:
    """Show, or make, hash partitions by person of the tables that grow (PostgreSQL)."""
    if split:
        try:
            done = pieces.split(app.database, parts)
        except SplitError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"Split into {parts}: {', '.join(done) or 'nothing was left to split'}.")
        return
    found = {} if app.database.is_sqlite else pieces.sizes(app.database)
    for table, rows in found.items():
        click.echo(f"{table}: {len(rows)} parts of about {min(rows):,} to {max(rows):,} rows")
    if not found:
        click.echo("No table is split.")
