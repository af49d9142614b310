"""The year-end mail as it would look today, for its person to see."""

import asyncio

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.mail import rehearsal, year_end
from pages import files
from pages.sub_path import address

# A mail styles itself, as no page of ours does, and has no scripts.
_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def mount(web: FastAPI, app: App) -> None:
    """Serve /year-end/preview."""

    def draw(who: SignedIn) -> str:
        return year_end.page(
            rehearsal.current_board(app.database, who.person),
            name=who.person.first_name,
            base_url=app.settings.base_url,
            keep_days=app.settings.year_end_keep_days,
            picture=address("/board.png"),
            has_notes=who.person.notes_in_mail,
        )

    @web.get("/year-end/preview")
    async def preview(request: Request) -> HTMLResponse:
        who: SignedIn = request.state.signed_in
        async with files.turn_of(who.person):
            page = await asyncio.to_thread(draw, who)
        nonce = request.state.nonce
        page = page.replace("<style>", f'<style nonce="{nonce}">', 1)
        policy = _POLICY.format(nonce=nonce)
        return HTMLResponse(
            page, headers={"Cache-Control": "no-store", "Content-Security-Policy": policy}
        )
