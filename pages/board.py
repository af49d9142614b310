"""The board: today's moods and the year, drawn in the first HTML and kept live by the socket.

The cards stand in the page before NiceGUI's framework does, so that nobody waits for it to see the
year or to tap; `assets/early.js` and `assets/board.js` keep a tap until the connection stands.
"""

from nicegui import Client, ui
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.drawing import faces
from pages import assets, obstacles, parts
from pages.offer import offered
from pages.open_board import OpenBoard, Shown, cards
from pages.open_boards import OpenBoards

PATH = "/"


def mount(web: Starlette, app: App) -> None:
    """Serve the board, and keep what is open of it up to date.

    What it shows was read together with the session (``state.read``, :func:`open_board.read`).
    """
    page = ui.page(PATH, title="Moodtracker")
    open_boards = OpenBoards(app.live)

    async def answer(request: Request) -> Response:
        with Client(page, request=request) as client:
            build(request, client)
        return client.build_response(request)

    def build(request: Request, client: Client) -> None:
        who: SignedIn = request.state.signed_in
        shown: Shown = request.state.read
        request.state.read = None  # the request lives as long as the page, and a year is large

        own_faces = ("faces.css", "faces-in-squares.css") if who.person.faces_in_squares else ()
        assets.add_style("board.css", *own_faces)
        ui.add_head_html(
            assets.inline(request, assets.text("early.js"))
            + f'<script defer src="{assets.address("board.js")}"></script>'
        )
        ui.add_body_html(faces.symbols())
        ui.add_body_html(parts.header(who.person))
        drawn = cards(shown, *offered(request, shown.board))
        ui.add_body_html(f"<main id='main'>{''.join(drawn.values())}</main>")
        obstacles.add(request)

        opened = OpenBoard(app, who, client, shown, open_boards.refreshing)
        open_boards.add(opened)
        ui.on("tap", opened.take)
        ui.on("look", opened.look)
        client.on_connect(opened.greet)
        client.on_delete(app.live.follow(who.person.id, opened.touch))
        client.on_delete(lambda: open_boards.remove(opened))

    web.router.add_route(PATH, answer, ["GET"])
