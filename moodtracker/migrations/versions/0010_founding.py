"""That a server has had its first administrator is noted apart from people, who may leave.

What a provider's sign-out is told by counts once.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from moodtracker.migrations import user_ids

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Where anybody is here, somebody was the first: perhaps they have left since."""
    op.create_table(
        "logout_tokens",
        sa.Column("token_hash", AutoString(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_logout_tokens")),
    )
    op.create_index(op.f("ix_logout_tokens_expires_at"), "logout_tokens", ["expires_at"])
    op.add_column("installation", sa.Column("founded_at", UTCDateTime(), nullable=True))
    bind = op.get_bind()
    users, installation = (
        sa.table("users", sa.column("created_at", UTCDateTime())),
        sa.table("installation", sa.column("id"), sa.column("founded_at", UTCDateTime())),
    )
    founded_at = bind.scalar(sa.select(sa.func.min(users.c.created_at)))
    has_row = bind.execute(installation.update().values(founded_at=founded_at)).rowcount
    if founded_at is not None and not has_row:
        bind.execute(installation.insert().values(id=1, founded_at=founded_at))
    if bind.dialect.name != "sqlite":
        op.drop_column("users", "founder")
        return
    with (
        user_ids.keeping(bind),
        op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as batch,
    ):
        batch.drop_constraint(op.f("ck_users_founder"), type_="check")
        batch.drop_constraint(op.f("uq_users_founder"), type_="unique")
        batch.drop_column("founder")
