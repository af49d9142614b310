"""Every year with entries is known to be open; SQLite keeps a person's entries side by side.

The open year: it was not noted where a day was written that was the person's latest already.

As a table with row ids it kept them in the order of their writing, a year's moods of one person
among everybody else's, and each of them a second time in its index.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Note open years; copy the table, on SQLite alone: PostgreSQL keeps its own order."""
    users, entries = sa.table("users", sa.column("id"), sa.column("open_year")), _entries_of_0004()
    first = (
        sa.select(sa.extract("year", sa.func.min(entries.c.day)))
        .where(entries.c.user_id == users.c.id)
        .scalar_subquery()
    )
    op.execute(users.update().where(users.c.open_year.is_(None)).values(open_year=first))
    if op.get_bind().dialect.name != "sqlite":
        return
    with op.batch_alter_table("entries", copy_from=entries, recreate="always"):
        pass


def _entries_of_0004() -> sa.Table:
    no_text = sa.text("''")
    return sa.Table(
        "entries",
        sa.MetaData(),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("mood", sa.Integer(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("tap", AutoString(), nullable=False),
        sa.Column("note", AutoString(), server_default=no_text, nullable=False),
        sa.Column("note_tap", AutoString(), server_default=no_text, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "day", "slot", name="pk_entries"),
        sa.CheckConstraint("slot IN (1, 2)", name="ck_entries_slot"),
        sa.CheckConstraint("mood IN (1, 2, 3, 4, 5)", name="ck_entries_mood"),
        sa.CheckConstraint("length(note) <= 280", name="ck_entries_note"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_entries_user_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
