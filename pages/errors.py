"""When something goes wrong: plain words for the person, one line for the operator, no trace."""

import logging
from html import escape

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from nicegui import app as nicegui_app
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from moodtracker.accounts.sessions import SessionEnded
from moodtracker.logs import request_id
from pages import assets
from pages.sub_path import address

log = logging.getLogger(__name__)

_NOT_FOUND = ("This page does not exist", "It may have moved, or the link may be old.")
_TROUBLE = ("Something went wrong", "Nothing that was saved is lost. Please try again in a moment.")


def page(
    title: str, words: str, status: int, way_on: tuple[str, str] = ("To your board", "/")
) -> HTMLResponse:
    """A page of words alone, which needs neither script nor connection.

    ``way_on`` is what can be done now, and the bare path where.
    """
    label, path = way_on
    return HTMLResponse(
        f"""<!doctype html><html lang="en"><head><title>{escape(title)} · Moodtracker</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="{assets.address("style.css")}"></head><body>
<main class="narrow"><div class="card"><h1>{escape(title)}</h1><p>{escape(words)}</p>
<p class="aside"><a class="plain" href="{escape(address(path))}">{escape(label)}</a></p>
</div></main></body></html>""",
        status_code=status,
        headers={"Cache-Control": "no-store"},
    )


def mount(web: FastAPI) -> None:
    """Answer for every error of a route or a page."""

    async def not_found(request: Request, error: Exception) -> HTMLResponse:
        return page(*_NOT_FOUND, 404)

    async def refused(request: Request, error: Exception) -> HTMLResponse:
        status = error.status_code if isinstance(error, HTTPException) else 400
        return page("This cannot be done", "Please go back to your board and try again.", status)

    async def trouble(request: Request, error: Exception) -> HTMLResponse:
        log.error("a request failed (%s)", type(error).__name__)
        title, words = _TROUBLE
        return page(title, f"{words} The log knows this as {request_id.get()}.", 500)

    async def signed_out(request: Request, error: Exception) -> HTMLResponse:
        return page("You are signed out", "Please sign in again.", 401)

    for application in (web, nicegui_app):
        application.add_exception_handler(404, not_found)
        application.add_exception_handler(HTTPException, refused)
        application.add_exception_handler(RequestValidationError, refused)
        application.add_exception_handler(SessionEnded, signed_out)
        application.add_exception_handler(Exception, trouble)
