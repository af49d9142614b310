"""Where each board was sent to, as it may come back; troubles, for administrators to be told."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add a column, which tells nothing of the boards that are sent by now, and a table."""
    op.add_column("sealed_years", sa.Column("sent_to", AutoString(), nullable=True))
    op.create_table(
        "troubles",
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("words", AutoString(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "since", name="pk_troubles"),
    )
