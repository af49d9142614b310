"""The year's end: the clock's last time, the mail server's trouble and limit, downloads."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns and make the new tables."""
    op.add_column("sealed_years", sa.Column("refused_email", AutoString(), nullable=True))
    op.add_column("sealed_years", sa.Column("downloaded_at", UTCDateTime(), nullable=True))
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=True),
        sa.Column("doubted_at", UTCDateTime(), nullable=True),
        sa.Column("mail_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mail_quiet_until", UTCDateTime(), nullable=True),
        sa.Column("mail_trouble", AutoString(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "mail_counts",
        sa.Column("minute", UTCDateTime(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("minute", name=op.f("pk_mail_counts")),
    )
