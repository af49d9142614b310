"""Everything as one download."""

import asyncio
from functools import partial

from starlette.responses import Response

from moodtracker import clock
from moodtracker.accounts import takeout
from moodtracker.language import gettext as _
from pages import files, parts
from pages.download import Download
from pages.sections import Section, Visit


async def _show(visit: Visit) -> None:
    parts.text(
        "p",
        _(
            "Your moods as JSON, as a table and as a picture, with your account and what happened "
            "to it: all that this board knows of you, in one file."
        ),
    )
    with visit.form("everything"):
        parts.submit(_("Download everything"), "plain")


async def _download(visit: Visit) -> Response:
    async with files.turn_of(visit.person):
        packed, closed = await asyncio.to_thread(_pack, visit)
    name = f"moodtracker-{visit.person.username}-{clock.now():%Y-%m-%d}.zip"
    return Download(
        packed,
        "application/zip",
        name.encode("ascii", "ignore").decode(),
        partial(_note_downloads, visit, closed) if closed else None,
    )


def _pack(visit: Visit) -> tuple[bytes, list[int]]:
    """With the current year, and every closed one that is still here, which are named."""
    app, person = visit.app, visit.person
    boards = [app.diary.read(visit.who)]
    closed = app.closed_years.of(person)
    while closed is not None:
        board = app.closed_years.board(person, closed.year)
        if board is not None:
            boards.append(board)
        closed = closed.older
    packed = takeout.pack(app.database, visit.who, boards, visit.address)
    return packed, [board.year for board in boards[1:]]


def _note_downloads(visit: Visit, years: list[int]) -> None:
    for year in years:
        visit.app.closed_years.note_download(visit.person, year)


SECTION = Section(
    "everything", lambda: _("Everything as one file"), _show, {"everything": _download}
)
