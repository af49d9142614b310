"""A day is of the years 1 to 9999, which Python can read; no good-bye waits in a table.

SQLite took '0000-01-01' and '-0001-01-01', since they come out of its date() as they went in;
PostgreSQL took 'infinity' and years before Christ.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from moodtracker.migrations.day_checks import DAYS, check_on_sqlite

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Rows that are damaged stay as they are: only what is written from now on is looked at."""
    bind = op.get_bind()
    bind.execute(sa.text("DELETE FROM messages WHERE kind = 'goodbye'"))
    asked_from: sa.Column[str] = sa.Column(
        "asked_from", AutoString(), server_default=sa.text("('')"), nullable=False
    )
    op.add_column("messages", asked_from)
    if bind.dialect.name == "sqlite":
        check_on_sqlite(bind, _is_day, anew=True)
        return
    for table, days in DAYS.items():
        for day in days:
            is_in_range = _is_in_range(day)
            some = sa.select(sa.literal(1)).select_from(sa.table(table))
            is_damaged = bind.scalar(some.where(sa.text(f"NOT ({is_in_range})")).limit(1))
            op.create_check_constraint(
                op.f(f"ck_{table}_{day}"),
                table,
                is_in_range,
                postgresql_not_valid=bool(is_damaged),
            )


def _is_day(day: str) -> str:
    return f"{day} IS date({day}, '+0 days') AND {_is_in_range(day)}"


def _is_in_range(day: str) -> str:
    return f"{day} BETWEEN '0001-01-01' AND '9999-12-31'"
