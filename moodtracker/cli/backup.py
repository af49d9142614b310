"""`moodtracker backup` and `moodtracker restore`."""

from pathlib import Path

import click
from sqlalchemy import URL, make_url

from moodtracker import clock, settings
from moodtracker.backups import BackupError, Backups, take
from moodtracker.restoring import restore as put_back
from moodtracker.settings import Settings, SettingsError

_KEY = "Keep {key} as well, in another place: it signs what your people were sent."
_POSTGRESQL = (
    "The database is PostgreSQL, which has tools of its own: "
    "pg_dump --format=custom --file=FILE {url} makes a backup, and "
    "pg_restore --clean --if-exists --dbname={url} FILE puts it back."
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write a backup of the database to FILE; Moodtracker may run meanwhile."""
    config, database = _sqlite()
    try:
        made = take(database, file)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{made.file} was made and checked: {made}.")
    if config.secret_key is None:
        click.echo(_KEY.format(key=config.data_dir / "secret_key"))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Put it in the place of the present database.")
def restore(file: Path, overwrite: bool) -> None:
    """Make the database what the backup FILE holds. Stop Moodtracker first."""
    config, database = _sqlite()
    backups = Backups(database, config.backup_dir, config.backup_keep)
    try:
        found = put_back(file, database, backups, overwrite=overwrite)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{database} was restored: {found}. Start Moodtracker again.")
    if found.latest_day and found.latest_day.year < clock.now().year:
        year = found.latest_day.year
        click.echo(f"Moods of {year} are among them: they will be closed and mailed once more.")


def _sqlite() -> tuple[Settings, Path]:
    """The settings and the SQLite file that they name; PostgreSQL's own tools are named."""
    try:
        config = settings.load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    if config.database_file is None:
        url = make_url(config.database_url)
        url = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
        raise click.ClickException(_POSTGRESQL.format(url=url.render_as_string()))
    return config, config.database_file
