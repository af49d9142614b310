"""The board as files: for the person who is signed in, and nobody else."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from starlette.responses import Response

from moodtracker import export
from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.board import Board
from moodtracker.drawing import png

_KINDS: dict[str, tuple[str, str, Callable[[Board], str | bytes]]] = {
    "/board.png": ("png", "image/png", png.draw),
    "/moods.csv": ("csv", "text/csv; charset=utf-8", export.as_csv),
    "/moods.json": ("json", "application/json", export.as_json),
}


def mount(web: FastAPI, app: App) -> None:
    """Serve each kind of file; ``?year=`` asks for a closed year that is still here."""

    def board_of(who: SignedIn, year: int | None) -> Board:
        board = app.diary.read(who)
        if year is None or year == board.year:
            return board
        closed = app.year_end.closed_board(who.person, year)
        if closed is None:
            raise HTTPException(404)
        return closed

    def add(path: str) -> None:
        suffix, media_type, draw = _KINDS[path]

        @web.get(path)
        async def file(
            request: Request, year: Annotated[int | None, Query(ge=1, le=9999)] = None
        ) -> Response:
            board = await asyncio.to_thread(board_of, request.state.signed_in, year)
            name = f"moodtracker-{board.year}.{suffix}"
            return Response(
                await asyncio.to_thread(draw, board),
                media_type=media_type,
                headers={
                    "Content-Disposition": f'attachment; filename="{name}"',
                    "Cache-Control": "no-store",
                },
            )

    for path in _KINDS:
        add(path)
