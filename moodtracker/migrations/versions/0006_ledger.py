"""A ledger of the acts of each person's open day, in place of a note's last act.

What stands on a person's latest day was done by acts that may still be sent again, so it begins
with those.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, begin it, and let go of what it replaces."""
    op.create_table(
        "acts",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("tap", AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", AutoString(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('done', 'day_full', 'day_locked', 'entry_gone', 'note_too_long')",
            name=op.f("ck_acts_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_acts_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "tap", name=op.f("pk_acts")),
        sqlite_with_rowid=False,
    )
    for name in ("tap", "note_tap"):
        op.execute(
            "INSERT INTO acts (user_id, tap, day, outcome)"  # noqa: S608 - the two names above
            f" SELECT DISTINCT user_id, {name}, day, 'done' FROM entries"
            f" WHERE {name} <> ''"
            " AND day = (SELECT latest_day FROM users WHERE users.id = entries.user_id)"
            " ON CONFLICT DO NOTHING"
        )
    op.drop_column("entries", "note_tap")
