"""Everything that the server knows of a person, as one file for them to take home."""

import json
from dataclasses import asdict
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import select

from moodtracker import export
from moodtracker.accounts import audit, sessions
from moodtracker.accounts.audit import Event
from moodtracker.accounts.sessions import SignedIn
from moodtracker.board import Board
from moodtracker.database import Database
from moodtracker.drawing import layout, painting
from moodtracker.models import users

# What proves who somebody is stays here: as a copy it would be of use to nobody but a thief.
_SECRETS = {"password_hash"}


def pack(database: Database, who: SignedIn, boards: list[Board], address: str = "") -> bytes:
    """A ZIP file: the account as JSON, each year of ``boards`` as JSON, CSV and PNG.

    That it was taken is noted where that can be; ``address`` is where from.
    """
    database.note(
        lambda session: audit.note(session, who.person.id, Event.EXPORTED, address=address)
    )
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as files:
        files.writestr("account.json", _account(database, who))
        for board in boards:
            _add(files, board)
    return packed.getvalue()


def pack_year(board: Board) -> bytes:
    """A ZIP file with all of one year: as JSON, CSV and PNG."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as files:
        _add(files, board)
    return packed.getvalue()


def _add(files: ZipFile, board: Board) -> None:
    name = f"moodtracker-{board.year}"
    files.writestr(f"{name}.json", export.as_json(board))
    files.writestr(f"{name}.csv", export.as_csv(board))
    files.writestr(f"{name}.png", painting.picture(layout.landscape(board)))


def _account(database: Database, who: SignedIn) -> str:
    with database.read() as session:
        row = session.execute(select(*users).where(users.id == who.person.id)).one()
    account = {
        "account": {
            name: value for name, value in row._mapping.items() if str(name) not in _SECRETS
        },
        "signed_in": [
            {"browser": device.name, "since": device.since, "last_used": device.seen_at}
            for device in sessions.devices(database, who)
        ],
        "log": [asdict(line) for line in audit.of(database, who.person.id, limit=10_000)],
    }
    return json.dumps(account, default=_written, ensure_ascii=False, indent=1)


def _written(value: Any) -> str:
    """Days and moments as ISO 8601 has them."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(type(value).__name__)
