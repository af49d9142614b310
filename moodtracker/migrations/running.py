"""Runs Alembic, inside the caller's connection and transaction."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from moodtracker.migrations import FOLDER


def upgrade(connection: Connection, revision: str) -> None:
    """Bring the schema up to ``revision``."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
