"""Stopping the year-end mail by its own link: opening it changes nothing, pressing the button does.

Link scanners open every link of a mail; a mail program's own button posts (RFC 8058), without
cookies and from nowhere, and so does the form here.
"""

import asyncio
from html import escape

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from moodtracker.app import App
from moodtracker.language import gettext as _
from moodtracker.mail import unsubscribe, wishes
from pages import assets, document, errors
from pages.sub_path import address


def mount(web: FastAPI, app: App) -> None:
    """Serve the link of every year-end mail."""

    @web.get(unsubscribe.PATH)
    async def ask(of: str = "") -> Response:
        if app.unsubscribing.person(of) is None:
            return _unknown()
        return _question(of)

    @web.post(unsubscribe.PATH)
    async def stop(request: Request, of: str = "") -> Response:
        user_id = app.unsubscribing.person(of)
        if user_id is None:
            return _unknown()
        await asyncio.to_thread(
            wishes.set_year_end_mail, app.database, user_id, request.state.address, wanted=False
        )
        return errors.page(
            _("No more year-end mails"),
            _(
                "Your year is not mailed any more. It is there for you to download when it is "
                "over, and you can have the mail back in your settings."
            ),
            200,
            (_("To your settings"), "/settings#year-end"),
        )


def _question(token: str) -> HTMLResponse:
    title = escape(_("Stop the year-end mail?"))
    words = escape(
        _("Once a year you are mailed your finished board. Without it you download it yourself.")
    )
    return HTMLResponse(
        f"""<!doctype html><html{document.attributes()}><head><title>{title} · Moodtracker</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="stylesheet" href="{assets.address("style.css")}"></head><body>
<main class="narrow"><div class="card"><h1>{title}</h1><p>{words}</p>
<form class="stack" method="post" action="{escape(address(f"{unsubscribe.PATH}?of={token}"))}">
<button class="primary" type="submit">{escape(_("Stop these mails"))}</button></form>
</div></main></body></html>""",
        headers={"Cache-Control": "no-store"},
    )


def _unknown() -> HTMLResponse:
    return errors.page(
        _("This link does not work"),
        _("It is none of ours, or not whole. You can stop the mail in your settings."),
        404,
        (_("To your settings"), "/settings#year-end"),
    )
