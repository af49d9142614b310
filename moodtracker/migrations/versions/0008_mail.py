"""Whose a refused mail's trouble is: since when nothing was taken, and what waits for the server.

A spell is a run of refusals that no taken mail has ended yet.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add columns; what waits already has failed in no spell yet."""
    for table in ("messages", "sealed_years"):
        op.add_column(table, sa.Column("failed_in_spell", sa.Integer(), nullable=True))
        op.add_column(
            table,
            sa.Column("waits_for_server", sa.Boolean(), server_default=sa.false(), nullable=False),
        )
        only = sa.text("waits_for_server")
        op.create_index(
            f"ix_{table}_waits_for_server",
            table,
            ["waits_for_server"],
            sqlite_where=only,
            postgresql_where=only,
        )
    for column in (
        sa.Column("mail_unreachable_at", UTCDateTime(), nullable=True),
        sa.Column("mail_spell", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mail_refused_alike", AutoString(), nullable=True),
        sa.Column("mail_refused_to", AutoString(), nullable=True),
    ):
        op.add_column("installation", column)
