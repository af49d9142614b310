"""The board: today's moods and the year, drawn in the first HTML and kept live by the socket.

The cards stand in the page before NiceGUI's framework does, so that nobody waits for it to see the
year or to tap; `assets/early.js` and `assets/board.js` keep a tap until the connection stands.
"""

import asyncio

from fastapi import Request
from nicegui import Client, ui

from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.drawing import faces
from pages import assets, obstacles, parts
from pages.offer import offered
from pages.open_board import OpenBoard, cards, read
from pages.rollover import Rollover


def mount(app: App, rollover: Rollover) -> None:
    """Serve the board at '/', and have it watched for the end of the day."""

    @ui.page("/", title="Moodtracker")
    async def board_page(request: Request, client: Client) -> None:
        who: SignedIn = request.state.signed_in
        shown = await asyncio.to_thread(read, app, who)

        assets.add_style("board.css")
        nonce = request.state.nonce
        ui.add_head_html(f"<script nonce='{nonce}'>{assets.text('early.js')}</script>")
        ui.add_head_html(
            f"<script nonce='{nonce}' defer src='{assets.address('board.js')}'></script>"
        )
        if who.person.faces_in_squares:
            own = f":root{{{faces.for_squares()}}}"
            ui.add_head_html(f"<style nonce='{nonce}'>{own}</style>")
        ui.add_body_html(faces.symbols())
        ui.add_body_html(parts.header(who.person))
        drawn = cards(shown, *offered(request, shown[1]))
        ui.add_body_html(f"<main id='main'>{''.join(drawn.values())}</main>")
        obstacles.add(request)

        page = OpenBoard(app, who, client, shown)
        rollover.add(page)
        ui.on("tap", page.take)
        ui.on("look", page.look)
        client.on_connect(page.greet)
        client.on_delete(app.live.follow(who.person.id, page.touch))
        client.on_delete(lambda: rollover.remove(page))
