"""A PostgreSQL database whose clock can be set: its own function stands before the server's."""

from datetime import UTC, datetime

import psycopg


class DatabaseClock:
    """The clock of one database, which goes on from wherever it is set to."""

    def __init__(self, url: str) -> None:
        """``url`` is SQLAlchemy's; what is connected already keeps the server's clock."""
        self._url = url.replace("+psycopg", "")
        name = self._url.rsplit("/", 1)[1]
        self._run(
            "CREATE TABLE clock_is_ahead (by interval NOT NULL)",
            "INSERT INTO clock_is_ahead VALUES ('0')",
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql VOLATILE"
            " AS 'BEGIN RETURN pg_catalog.clock_timestamp() + (SELECT by FROM clock_is_ahead);"
            " END'",
            f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog',
        )

    def set(self, *when: int) -> datetime:
        """Let it be this moment (UTC) from now on."""
        moment = datetime(*when, tzinfo=UTC)
        self._run(f"UPDATE clock_is_ahead SET by = '{moment}' - pg_catalog.clock_timestamp()")
        return moment

    def _run(self, *statements: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
