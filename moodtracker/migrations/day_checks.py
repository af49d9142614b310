"""SQLite's columns take anything that is written there: its tables are copied to look at days."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from moodtracker.migrations import user_ids

DAYS = {"users": ("latest_day", "reminded_on"), "entries": ("day",), "acts": ("day",)}


def check_on_sqlite(bind: sa.Connection, is_day: Callable[[str], str], *, anew: bool) -> None:
    """Check each column that holds a day by what ``is_day`` says of it; ``anew``: one was before.

    Rows that are damaged stay as they are: only what is written from now on is looked at.
    """
    bind.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    try:
        with user_ids.keeping(bind):
            for table, days in DAYS.items():
                _copy_with_checks(table, days, is_day, anew=anew)
    finally:
        bind.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


def _copy_with_checks(
    table: str, days: tuple[str, ...], is_day: Callable[[str], str], *, anew: bool
) -> None:
    kind = "sqlite_autoincrement" if table == "users" else "sqlite_with_rowid"
    kwargs = {kind: table == "users"}
    with op.batch_alter_table(table, table_kwargs=kwargs, recreate="always") as batch:
        for day in days:
            name = op.f(f"ck_{table}_{day}")
            if anew:
                batch.drop_constraint(name, type_="check")
            batch.create_check_constraint(name, is_day(day))
