"""An INSERT that says what to do where the row is there already (ON CONFLICT)."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel


def insert(session: Session, row: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    """That of the session's database: the two say it alike, but are two."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(row) if is_sqlite else postgresql.insert(row)
