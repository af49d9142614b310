"""`moodtracker healthcheck`, for containers; run every half minute, so it loads little."""

from http.client import HTTPConnection, HTTPException

import click

from moodtracker import settings
from moodtracker.settings import Settings, SettingsError

_SECONDS = 5
_OK = 200
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask, not to listen


@click.command()
def healthcheck() -> None:
    """Ask the running app whether it can serve; ends with 1 where it cannot."""
    try:
        config = settings.load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    trouble = _worker(config) if config.role == "worker" else _pages(config)
    if trouble:
        raise click.ClickException(trouble)
    click.echo("ok")


def _pages(config: Settings) -> str:
    """What keeps the pages from being served; nothing where they are."""
    connection = HTTPConnection(
        _EVERY_ADDRESS.get(config.host, config.host), config.port, timeout=_SECONDS
    )
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        words = answer.read(200).decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        return f"nothing answers on port {config.port} ({type(error).__name__})"
    finally:
        connection.close()
    return "" if answer.status == _OK else words


def _worker(config: Settings) -> str:
    """What keeps a worker, which serves nothing that could be asked, from its work."""
    from moodtracker.database import Database  # noqa: PLC0415 - see above
    from moodtracker.database_trouble import DatabaseError  # noqa: PLC0415

    try:
        database = Database(config.database_url)
    except DatabaseError as error:
        return str(error)
    try:
        return "" if database.is_ready() else "the database does not answer"
    finally:
        database.close()
