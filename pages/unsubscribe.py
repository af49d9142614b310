"""Stopping mails by their own link: opening it changes nothing, pressing the button does.

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
from moodtracker.mail.unsubscribe import REMINDER, YEAR_END
from pages import assets, document, errors
from pages.sub_path import address


def mount(web: FastAPI, app: App) -> None:
    """Serve the link that these mails carry."""

    @web.get(unsubscribe.PATH)
    async def ask(of: str = "", mails: str = YEAR_END) -> Response:
        if app.unsubscribing.person(of, mails) is None:
            return _unknown()
        return _question(of, mails)

    @web.post(unsubscribe.PATH)
    async def stop(request: Request, of: str = "", mails: str = YEAR_END) -> Response:
        user_id = app.unsubscribing.person(of, mails)
        if user_id is None:
            return _unknown()
        if mails == REMINDER:
            await asyncio.to_thread(
                wishes.stop_reminders, app.database, user_id, request.state.address
            )
            return errors.page(
                _("No more reminders"),
                _("You can have them back in your settings."),
                200,
                (_("To your settings"), "/settings#reminder"),
            )
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


def _question(token: str, mails: str) -> HTMLResponse:
    if mails == REMINDER:
        title = escape(_("Stop the reminders?"))
        words = escape(_("You are not written to on days without a mood then."))
    else:
        title = escape(_("Stop the year-end mail?"))
        words = escape(
            _(
                "Once a year you are mailed your finished board. Without it you download it "
                "yourself."
            )
        )
    path = f"{unsubscribe.PATH}?of={token}&mails={mails}"
    return HTMLResponse(
        f"""<!doctype html><html{document.attributes()}><head><title>{title} · Moodtracker</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="stylesheet" href="{assets.address("style.css")}"></head><body>
<main class="narrow"><div class="card"><h1>{title}</h1><p>{words}</p>
<form class="stack" method="post" action="{escape(address(path))}">
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
