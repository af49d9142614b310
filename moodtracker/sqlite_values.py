"""Days and times as SQLite keeps them: mere texts, which anything may stand in the place of.

What is damaged is read as none. One value that cannot be read would else break each statement that
meets it, and with it what everybody else is due.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Dialect, types
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Readable:
    """Reads as SQLAlchemy's own type does, without an error."""

    def adapt(self, _cls: Any, **_: Any) -> Any:
        """Stay one of these: the driver would put one of its own in the place of any."""
        return type(self)()

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """None where what stands there is none."""
        read: Callable[[Any], Any] = super().result_processor(dialect, coltype)  # type: ignore[misc]

        def read_or_none(value: Any) -> Any:
            try:
                return read(value)
            except (TypeError, ValueError):
                return None

        return read_or_none


class _Day(_Readable, sqlite.DATE):  # type: ignore[misc]
    pass


class _Moment(_Readable, sqlite.DATETIME):  # type: ignore[misc]
    pass


class _Time(_Readable, sqlite.TIME):  # type: ignore[misc]
    pass


def read_without_error(dialect: Dialect) -> None:
    """Let every day, moment and time that is read by ``dialect``, SQLite's, be one of these."""
    readable = {types.Date: _Day, types.DateTime: _Moment, types.Time: _Time}
    dialect.colspecs = {**dialect.colspecs, **readable}


class _IsMoment(FunctionElement[bool]):
    type = types.Boolean()
    inherit_cache = True


def is_moment(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether there is no damage: a moment stands there, or nothing."""
    return _IsMoment(column)


@compiles(_IsMoment, "postgresql")
def _always(_element: _IsMoment, _compiler: Any, **_how: Any) -> str:
    return "true"


@compiles(_IsMoment, "sqlite")
def _by_its_text(element: _IsMoment, compiler: Any, **how: Any) -> str:
    column = compiler.process(element.clauses, **how)
    seconds = f"substr({column}, 1, 19)"
    return f"({column} IS NULL OR datetime({seconds}, '+0 days') IS {seconds})"
