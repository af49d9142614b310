"""The board as files: for the person who is signed in, and nobody else."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from functools import partial
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from starlette.responses import Response

from moodtracker import export
from moodtracker.accounts import takeout
from moodtracker.accounts.people import Person
from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.board import Board
from moodtracker.drawing import layout, painting, svg
from moodtracker.drawing.layout import Paper, Picture
from moodtracker.fair_queue import FairQueue, leave_turn
from pages.download import Download

Year = Annotated[int | None, Query(ge=1, le=9999)]

# How many are drawn at once: a print takes 20 MB and a tenth of a second of a small machine.
_drawing = FairQueue(at_once=2, each=8, most=100)


def turn_of(person: Person) -> AbstractAsyncContextManager[None]:
    """A person's turn to have something drawn or packed; raises Busy where they want too much."""
    leave_turn()  # in which pages are made
    return _drawing.turn(f"person {person.id}")


class Shape(StrEnum):
    """How the year is laid out: in twelve rows, or as a poster of twelve calendars."""

    ROWS = "rows"
    POSTER = "poster"

    def of(self, board: Board, who: SignedIn) -> Picture:
        """The board in this shape, as the person likes to see it."""
        make = layout.landscape if self is Shape.ROWS else layout.poster
        return make(board, has_faces=who.person.faces_in_squares)

    def suffix(self, suffix: str) -> str:
        """The end of the file's name."""
        return f"-poster.{suffix}" if self is Shape.POSTER else f".{suffix}"


class Size(StrEnum):
    """How many pixels a PNG has."""

    SCREEN = "screen"
    PRINT = "print"

    @property
    def scale(self) -> int:
        """Pixels for each unit of the picture."""
        return painting.SHARP if self is Size.SCREEN else painting.PRINT


def mount(web: FastAPI, app: App) -> None:
    """Serve each kind of file; ``?year=`` asks for a closed year that is still here."""

    def board_of(who: SignedIn, year: int | None) -> tuple[Board, bool]:
        """The year's board, and whether it is a closed one."""
        board = app.diary.read(who)
        if year is None or year == board.year:
            return board, False
        closed = app.closed_years.board(who.person, year)
        if closed is None:
            raise HTTPException(404)
        return closed, True

    async def answer(
        request: Request,
        year: int | None,
        suffix: str,
        media_type: str,
        draw: Callable[[Board, SignedIn], str | bytes],
        *,
        is_all: bool = False,
    ) -> Response:
        """The file, made off the event loop so that nobody's tap waits for it.

        ``is_all``: it holds all of the year, each mood with its time and its note. Who has such a
        file of a closed year has the year (Y5a); a picture has neither times nor notes.
        """
        who: SignedIn = request.state.signed_in
        async with turn_of(who.person):
            board, is_closed = await asyncio.to_thread(board_of, who, year)
            made = await asyncio.to_thread(draw, board, who)
        note = partial(app.closed_years.note_download, who.person, board.year)
        return Download(
            made,
            media_type,
            f"moodtracker-{board.year}{suffix}",
            note if is_closed and is_all else None,
        )

    @web.get("/board.svg")
    async def as_svg(request: Request, year: Year = None, shape: Shape = Shape.ROWS) -> Response:
        return await answer(
            request,
            year,
            shape.suffix("svg"),
            "image/svg+xml",
            lambda board, who: svg.draw(shape.of(board, who)),
        )

    @web.get("/board.png")
    async def as_png(
        request: Request,
        year: Year = None,
        shape: Shape = Shape.ROWS,
        size: Size = Size.SCREEN,
    ) -> Response:
        return await answer(
            request,
            year,
            shape.suffix("png"),
            "image/png",
            lambda board, who: painting.picture(shape.of(board, who), size.scale),
        )

    @web.get("/board.pdf")
    async def as_pdf(
        request: Request,
        year: Year = None,
        shape: Shape = Shape.ROWS,
        paper: Paper = Paper.A4,
    ) -> Response:
        def draw(board: Board, who: SignedIn) -> bytes:
            from moodtracker.drawing import pdf  # noqa: PLC0415 - a start does not wait for fpdf2

            return pdf.draw(shape.of(board, who), paper)

        return await answer(request, year, shape.suffix("pdf"), "application/pdf", draw)

    @web.get("/moods.csv")
    async def as_csv(request: Request, year: Year = None) -> Response:
        return await answer(
            request, year, ".csv", "text/csv", lambda board, _who: export.as_csv(board), is_all=True
        )

    @web.get("/moods.json")
    async def as_json(request: Request, year: Year = None) -> Response:
        return await answer(
            request,
            year,
            ".json",
            "application/json",
            lambda board, _who: export.as_json(board),
            is_all=True,
        )

    @web.get("/moods.zip")
    async def as_zip(request: Request, year: Year = None) -> Response:
        return await answer(
            request,
            year,
            ".zip",
            "application/zip",
            lambda board, _who: takeout.pack_year(board),
            is_all=True,
        )
