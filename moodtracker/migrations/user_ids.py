"""The id of somebody who left is given to nobody else, also once their table was copied."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def keeping(bind: sa.Connection) -> Iterator[None]:
    """Copy SQLite's table of people meanwhile: afterwards it knows its last id as before."""
    last_id = bind.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'users'"))
    yield
    if last_id is not None:
        bind.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'users'"))
        bind.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('users', :last)"),
            {"last": last_id},
        )
