"""Notes are never lost: how many a closed year has, whether its mail had them, who was asked.

A download that was noted so far may have been a picture, a HEAD request, or half a file: it is
forgotten wherever the year is still here, so that its person is asked for another one.
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0007"
down_revision = "0006"

_SEALED = sa.table(
    "sealed_years",
    sa.column("user_id", sa.Integer),
    sa.column("year", sa.Integer),
    sa.column("moods", sa.Text),
    sa.column("notes", sa.Integer),
    sa.column("downloaded_at", UTCDateTime()),
)
_NOTE = 4  # its place in an entry of a sealed year; an entry without a note ends before it


def upgrade() -> None:
    """Add columns; nobody counts as asked, and no mail that was taken counts as having notes."""
    op.add_column(
        "sealed_years", sa.Column("notes", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "sealed_years",
        sa.Column("notes_mailed", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("sealed_years", sa.Column("stuck_since", UTCDateTime(), nullable=True))
    op.add_column("users", sa.Column("noted_year", sa.Integer(), nullable=True))
    op.add_column("users", sa.Column("notes_answered_at", UTCDateTime(), nullable=True))
    _count_notes(op.get_bind())
    op.execute("UPDATE sealed_years SET downloaded_at = NULL WHERE moods IS NOT NULL")
    op.execute(
        "UPDATE users SET noted_year = (SELECT CAST(substr(CAST(max(day) AS VARCHAR(10)), 1, 4)"
        " AS INTEGER) FROM entries WHERE user_id = users.id AND note <> '')"
    )


def _count_notes(connection: sa.Connection) -> None:
    here = sa.select(_SEALED.c.user_id, _SEALED.c.year).where(_SEALED.c.moods.is_not(None))
    for user_id, year in connection.execute(here).all():
        this = (_SEALED.c.user_id == user_id, _SEALED.c.year == year)
        moods = connection.execute(sa.select(_SEALED.c.moods).where(*this)).scalar_one()
        try:
            notes = sum(bool(entry[_NOTE:]) for entry in json.loads(moods))
        except (ValueError, TypeError):
            continue  # damaged: nobody can read its notes, and the upgrade must not stop at it
        if notes:
            connection.execute(sa.update(_SEALED).where(*this).values(notes=notes))
