"""The board: today's moods and the year, drawn in the first HTML and kept live by the socket.

Both cards stand in the page before NiceGUI's framework does, so that nobody waits for it to see
the year or to tap; `assets/board.js` keeps a tap until the connection stands.
"""

import asyncio

from fastapi import Request
from nicegui import Client, ui

from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.drawing import faces, html
from pages import assets, closed_year, obstacles, parts
from pages.open_board import OpenBoard, read
from pages.rollover import Rollover


def mount(app: App, rollover: Rollover) -> None:
    """Serve the board at '/', and have it watched for the end of the day."""

    @ui.page("/", title="Moodtracker")
    async def board_page(request: Request, client: Client) -> None:
        who: SignedIn = request.state.signed_in
        board, closed = await asyncio.to_thread(read, app, who)

        assets.add_style()
        obstacles.add(request)
        ui.add_head_html(
            f"<script nonce='{request.state.nonce}'>{assets.text('board.js')}</script>"
        )
        ui.add_body_html(faces.symbols())
        ui.add_body_html(parts.header(who.person))
        ui.add_body_html(
            "<main>"
            + html.today_card(board, who.person.id)
            + closed_year.card(closed, who.person)
            + html.year_card(board)
            + "</main>"
        )

        page = OpenBoard(app, who, client, board, closed)
        rollover.add(page)
        ui.on("tap", page.take)
        client.on_connect(page.greet)
        client.on_delete(page.leave)
        client.on_delete(lambda: rollover.remove(page))
