"""The first schema: people, sessions, entries, sealed years."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", AutoString(), nullable=False),
        sa.Column("email", AutoString(), nullable=False),
        sa.Column("first_name", AutoString(), nullable=False),
        sa.Column("last_name", AutoString(), nullable=False),
        sa.Column("password_hash", AutoString(), nullable=False),
        sa.Column("zone", AutoString(), nullable=False),
        sa.Column("day_end_hour", sa.Integer(), server_default="0", nullable=False),
        sa.Column("latest_day", sa.Date(), nullable=True),
        sa.Column("open_year", sa.Integer(), nullable=True),
        sa.Column("administrator", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("founder", sa.Boolean(), nullable=True),
        sa.Column("year_end_mail", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("day_end_hour BETWEEN 0 AND 5", name=op.f("ck_users_day_end_hour")),
        sa.CheckConstraint("founder", name=op.f("ck_users_founder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("founder", name=op.f("uq_users_founder")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_users_open_year"), "users", ["open_year"])
    op.create_table(
        "sessions",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        _person("sessions"),
        sa.PrimaryKeyConstraint("user_id", "token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_seen_at"), "sessions", ["seen_at"])
    op.create_table(
        "entries",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("mood", sa.Integer(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("tap", AutoString(), nullable=False),
        sa.CheckConstraint("slot IN (1, 2)", name=op.f("ck_entries_slot")),
        sa.CheckConstraint("mood IN (1, 2, 3, 4, 5)", name=op.f("ck_entries_mood")),
        _person("entries"),
        sa.PrimaryKeyConstraint("user_id", "day", "slot", name=op.f("pk_entries")),
    )
    op.create_table(
        "sealed_years",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("zone", AutoString(), nullable=False),
        sa.Column("moods", sa.Text(), nullable=True),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("sealed_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("next_try_at", UTCDateTime(), nullable=False),
        sa.Column("lease_owner", AutoString(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("message_id", AutoString(), nullable=False),
        sa.Column("message_date", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", AutoString(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("erased_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'held', 'no_address', 'opted_out', 'empty')",
            name=op.f("ck_sealed_years_state"),
        ),
        _person("sealed_years"),
        sa.PrimaryKeyConstraint("user_id", "year", name=op.f("pk_sealed_years")),
    )
    op.create_index("ix_sealed_years_state", "sealed_years", ["state", "next_try_at"])


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id"), ondelete="CASCADE"
    )
