"""What people choose: notes, language, look, reminder, and what a change of zone must not do."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0004"
down_revision = "0003"

# A CHECK goes in with its column: SQLite can add none to a table that is there.
_WITH_CHECKS = (
    "ALTER TABLE entries ADD COLUMN note VARCHAR DEFAULT '' NOT NULL"
    " CONSTRAINT ck_entries_note CHECK (length(note) <= 280)",
    "ALTER TABLE users ADD COLUMN theme VARCHAR DEFAULT 'system' NOT NULL"
    " CONSTRAINT ck_users_theme CHECK (theme IN ('system', 'light', 'dark'))",
)


def upgrade() -> None:
    """Add columns; who is here already keeps what they have seen so far."""
    for statement in _WITH_CHECKS:
        op.execute(statement)
    op.add_column(
        "entries", sa.Column("note_tap", AutoString(), server_default=sa.text("''"), nullable=False)
    )
    no = sa.false()
    for column in (
        sa.Column("language", AutoString(), server_default=sa.text("''"), nullable=False),
        sa.Column("faces_in_squares", sa.Boolean(), server_default=no, nullable=False),
        sa.Column("number_keys", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("slot_labels", sa.Boolean(), server_default=no, nullable=False),
        sa.Column("notes_in_mail", sa.Boolean(), server_default=no, nullable=False),
        sa.Column("reminder", sa.Boolean(), server_default=no, nullable=False),
        sa.Column("reminder_at", sa.Time(), server_default=sa.text("'20:00:00'"), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("visited_at", UTCDateTime(), nullable=True),
        sa.Column("year_open_until", UTCDateTime(), nullable=True),
    ):
        op.add_column("users", column)
