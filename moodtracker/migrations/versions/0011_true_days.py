"""A day is a day on SQLite too; mails are counted by mailbox; usernames lose what cannot be seen.

SQLite's columns take anything that is written there; PostgreSQL knows a date by itself.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from moodtracker.accounts.folding import fold
from moodtracker.migrations.day_checks import check_on_sqlite

revision = "0011"
down_revision = "0010"

_USERS = sa.table("users", sa.column("id"), sa.column("username"))


def upgrade() -> None:
    """Rows that are damaged stay as they are: only what is written from now on is looked at."""
    op.create_table(
        "recipients",
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_recipients")),
    )
    op.create_index(op.f("ix_recipients_since"), "recipients", ["since"])
    bind = op.get_bind()
    _fold_usernames(bind)
    if bind.dialect.name == "sqlite":
        check_on_sqlite(bind, _is_day, anew=False)


def _fold_usernames(bind: sa.Connection) -> None:
    """As they are looked up from now on; where another one has that name, it gets a number."""
    found = bind.execute(sa.select(_USERS.c.id, _USERS.c.username))
    names = {row.id: row.username for row in found}
    taken = set(names.values())
    for user_id, name in names.items():
        if fold(name) == name:
            continue
        new = next(other for other in _names_like(fold(name) or "user") if other not in taken)
        taken.add(new)
        bind.execute(_USERS.update().where(_USERS.c.id == user_id).values(username=new))


def _names_like(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _is_day(day: str) -> str:
    # With a modifier SQLite looks whether the month has that day.
    return f"{day} IS date({day}, '+0 days')"
