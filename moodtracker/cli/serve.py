"""`moodtracker serve`."""

import runpy

import click


@click.command()
def serve() -> None:
    """Serve the board, as `python main.py` does."""
    # Pages may know this package, and not the other way round: so main is run, not imported.
    runpy.run_module("main", run_name="__main__")
