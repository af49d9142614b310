"""Accounts: verified addresses, links, invitations, throttles, the audit log, waiting mails."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from moodtracker.migrations import user_ids

revision = "0002"
down_revision = "0001"

_VERIFIED = sa.text("email_verified_at IS NOT NULL")


def upgrade() -> None:
    """Change users and sessions, make the new tables."""
    if op.get_bind().dialect.name == "sqlite":
        _copy_users()
    else:
        op.drop_constraint("uq_users_email", "users", type_="unique")
        op.alter_column("users", "email", nullable=True)
        op.alter_column("users", "password_hash", nullable=True)
        for column in _new_columns():
            op.add_column("users", column)
    op.create_index("ix_users_email", "users", ["email"])
    op.create_index(
        "uq_users_verified_email",
        "users",
        ["email"],
        unique=True,
        sqlite_where=_VERIFIED,
        postgresql_where=_VERIFIED,
    )
    op.create_index("uq_users_oidc", "users", ["oidc_issuer", "oidc_subject"], unique=True)

    op.add_column(
        "sessions", sa.Column("device", AutoString(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("sessions", sa.Column("id_token", sa.Text(), nullable=True))
    _make_tables()


def _new_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("email_verified_at", UTCDateTime(), nullable=True),
        sa.Column("oidc_issuer", AutoString(), nullable=True),
        sa.Column("oidc_subject", AutoString(), nullable=True),
        sa.Column("disabled_at", UTCDateTime(), nullable=True),
    ]


def _copy_users() -> None:
    """SQLite cannot drop a constraint: the table is copied, its rows and its last id with it."""
    with (
        user_ids.keeping(op.get_bind()),
        op.batch_alter_table("users", copy_from=_users_of_0001(), recreate="always") as batch,
    ):
        batch.drop_constraint("uq_users_email", type_="unique")
        batch.alter_column("email", nullable=True)
        batch.alter_column("password_hash", nullable=True)
        for column in _new_columns():
            batch.add_column(column)
    op.create_index(op.f("ix_users_open_year"), "users", ["open_year"])


def _users_of_0001() -> sa.Table:
    """As SQLite has it: it does not tell of CHECKs, so that they are said here."""
    return sa.Table(
        "users",
        sa.MetaData(),
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


def _make_tables() -> None:
    op.create_table(
        "links",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", AutoString(), nullable=False),
        sa.Column("purpose", AutoString(), nullable=False),
        sa.Column("email", AutoString(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("purpose IN ('verify', 'reset')", name=op.f("ck_links_purpose")),
        sa.PrimaryKeyConstraint("user_id", "token_hash", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_expires_at"), "links", ["expires_at"])
    op.create_table(
        "invitations",
        sa.Column("token_hash", AutoString(), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_invitations")),
    )
    op.create_table(
        "throttles",
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_index(op.f("ix_throttles_failed_at"), "throttles", ["failed_at"])
    op.create_table(
        "audit",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("event", AutoString(), nullable=False),
        sa.Column("detail", AutoString(), nullable=False),
        sa.Column("address", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_table(
        "messages",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("email", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("next_try_at", UTCDateTime(), nullable=False),
        sa.Column("lease_owner", AutoString(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("message_id", AutoString(), nullable=False),
        sa.Column("message_date", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", AutoString(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'held')", name=op.f("ck_messages_state")
        ),
        sa.PrimaryKeyConstraint("user_id", "id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_state", "messages", ["state", "next_try_at"])
