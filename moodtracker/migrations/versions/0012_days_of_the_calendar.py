"""A day is of the years 1 to 9999, which Python can read; no good-bye waits in a table.

SQLite took '0000-01-01' and '-0001-01-01', since they come out of its date() as they went in;
PostgreSQL took 'infinity' and years before Christ.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from moodtracker.migrations import user_ids

revision = "0012"
down_revision = "0011"

_DAYS = {"users": ("latest_day", "reminded_on"), "entries": ("day",), "acts": ("day",)}


def upgrade() -> None:
    """Rows that are damaged stay as they are: only what is written from now on is looked at."""
    bind = op.get_bind()
    bind.execute(sa.text("DELETE FROM messages WHERE kind = 'goodbye'"))
    asked_from: sa.Column[str] = sa.Column(
        "asked_from", AutoString(), server_default=sa.text("('')"), nullable=False
    )
    op.add_column("messages", asked_from)
    if bind.dialect.name == "sqlite":
        _check_on_sqlite(bind)
        return
    for table, days in _DAYS.items():
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


def _check_on_sqlite(bind: sa.Connection) -> None:
    bind.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    try:
        with user_ids.keeping(bind):
            for table, days in _DAYS.items():
                _copy_with_checks(table, days)
    finally:
        bind.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


def _copy_with_checks(table: str, days: tuple[str, ...]) -> None:
    kind = "sqlite_autoincrement" if table == "users" else "sqlite_with_rowid"
    kwargs = {kind: table == "users"}
    with op.batch_alter_table(table, table_kwargs=kwargs, recreate="always") as batch:
        for day in days:
            name = op.f(f"ck_{table}_{day}")
            batch.drop_constraint(name, type_="check")
            is_day = f"{day} IS date({day}, '+0 days') AND {_is_in_range(day)}"
            batch.create_check_constraint(name, is_day)


def _is_in_range(day: str) -> str:
    return f"{day} BETWEEN '0001-01-01' AND '9999-12-31'"
