"""When something goes wrong: plain words for the person, one line for the operator, no trace."""

import logging
from html import escape

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from nicegui import app as nicegui_app
from sqlalchemy.exc import DBAPIError, TimeoutError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moodtracker.accounts.sessions import SessionEnded
from moodtracker.database_trouble import DatabaseError, is_out_of_reach, told, writes_nothing
from moodtracker.drawing import faces
from moodtracker.fair_queue import Busy
from moodtracker.language import gettext as _
from moodtracker.logs import request_id
from pages import assets, document, obstacles, parts, retry, words
from pages.sub_path import address

log = logging.getLogger(__name__)


def page(
    title: str,
    words: str,
    status: int,
    way_on: tuple[str, str] | None = None,
    below: str = "",
) -> HTMLResponse:
    """A page of words alone, which needs neither script nor connection.

    ``way_on`` is what can be done now, and the bare path where; without it, it is the board.
    ``below`` is markup.
    """
    label, path = way_on or (_("To your board"), "/")
    return HTMLResponse(
        f"""<!doctype html><html{document.attributes()}><head>{document.head()}
<title>{escape(title)} · Moodtracker</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<link rel="stylesheet" href="{assets.address("style.css")}"></head><body>
{faces.symbols()}<main class="narrow">{parts.brand()}
<div class="card"><h1>{escape(title)}</h1><p>{escape(words)}</p>
<p class="aside"><a class="plain" href="{escape(address(path))}">{escape(label)}</a></p>
</div>{below}</main></body></html>""",
        status_code=status,
        headers={"Cache-Control": "no-store"},
    )


def nowhere(request: Request, *, signed_in: bool) -> HTMLResponse:
    """There is no such page; a stranger may be here by a proxy that is set up wrongly."""
    below = "" if signed_in else obstacles.markup(request) + _lost_proxy()
    return page(
        _("This page does not exist"),
        _("It may have moved, or the link may be old."),
        404,
        below=below,
    )


def wait(error: Exception) -> Response:
    """Too much was asked for, by this one or by all: when to come again."""
    answer = page(_("Please wait a little"), words.for_person(error), retry.status_of(error))
    return retry.later(answer, error)


def foreign(origin: str, base_url: str) -> HTMLResponse:
    """A form that another site sent, or that a proxy made look so."""
    return page(
        _("This was not accepted"),
        _(
            "It was sent from another site, {origin}. Please open Moodtracker at {address} and try "
            "again there."
        ).format(origin=origin, address=base_url),
        403,
        below=_operator(
            _(
                "If you run this server, and people are to open it at {origin}: set {setting}, or "
                "let the proxy pass the header Host on ({recipes})."
            ).format(
                origin=escape(origin),
                setting=f"<code>MOODTRACKER_BASE_URL={escape(origin)}</code>",
                recipes="<code>docs/proxies.md</code>",
            )
        ),
    )


async def told_plainly(inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Have ``inner`` answer; where it fails, say so in our words, and raise what it was.

    NiceGUI's own error page speaks to developers, and what an exception says may tell of somebody.
    """
    is_begun = is_replaced = False

    async def sending(message: Message) -> None:
        nonlocal is_begun, is_replaced
        is_begun = True
        if (
            message["type"] == "http.response.start"
            and message["status"] >= 500
            and Headers(raw=message["headers"]).get("x-nicegui-content")
        ):
            is_replaced = True
            await _in_trouble(message["status"])(scope, receive, send)
        if not is_replaced:
            await send(message)

    try:
        with document.dressed_for(scope):
            await inner(scope, receive, sending)
    except Exception as error:
        is_known = is_out_of_reach(error)
        if not is_begun:
            if is_known:
                log.error("a request failed (%s)", told(error))  # noqa: TRY400 - of no use
            with document.dressed_for(scope):
                await _said_of(error)(scope, receive, send)
        if not is_known:  # the operator has been told what helps; there is no place in our code
            raise


def _said_of(error: Exception) -> HTMLResponse:
    if not writes_nothing(error):
        return _in_trouble(503 if is_out_of_reach(error) else 500)
    words = _(
        "The server cannot save anything at the moment; its disk may be full. What was saved "
        "before is still there. Please try again later."
    )
    return page(_("This could not be saved"), words, 503)


def _in_trouble(status: int = 500) -> HTMLResponse:
    words = _(
        "Nothing that was saved is lost. Please try again in a moment. The log knows this as {id}."
    )
    return page(_("Something went wrong"), words.format(id=request_id.get()), status)


def _lost_proxy() -> str:
    return _operator(
        _(
            "If you run this server, and Moodtracker is to be found at this address: set {setting} "
            "to it, with its path ({recipes})."
        ).format(
            setting="<code>MOODTRACKER_BASE_URL</code>", recipes="<code>docs/proxies.md</code>"
        )
    )


def _operator(words: str) -> str:
    return f'<p class="operator">{words}</p>'


def mount(web: FastAPI) -> None:
    """Answer for every error of a route or a page."""

    async def not_found(request: Request, error: Exception) -> HTMLResponse:
        return nowhere(request, signed_in=bool(request.state.signed_in))

    async def refused(request: Request, error: Exception) -> HTMLResponse:
        status = error.status_code if isinstance(error, HTTPException) else 400
        return page(
            _("This cannot be done"), _("Please go back to your board and try again."), status
        )

    async def trouble(request: Request, error: Exception) -> HTMLResponse:
        log.error("a request failed (%s)", told(error))
        return _said_of(error)

    async def unsaved(request: Request, error: Exception) -> HTMLResponse:
        if not (writes_nothing(error) or is_out_of_reach(error)):
            raise error
        return await trouble(request, error)

    async def signed_out(request: Request, error: Exception) -> HTMLResponse:
        return page(_("You are signed out"), _("Please sign in again."), 401)

    async def busy(request: Request, error: Exception) -> Response:
        return wait(error)

    for application in (web, nicegui_app):
        application.add_exception_handler(404, not_found)
        application.add_exception_handler(HTTPException, refused)
        application.add_exception_handler(RequestValidationError, refused)
        application.add_exception_handler(Busy, busy)
        application.add_exception_handler(SessionEnded, signed_out)
        for kind in (DBAPIError, DatabaseError, TimeoutError):
            application.add_exception_handler(kind, unsaved)
        application.add_exception_handler(Exception, trouble)
