"""A form that was posted: what it holds, which session it came with, and how it is answered."""

from datetime import timedelta

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from moodtracker.accounts import sessions
from moodtracker.app import App
from pages.guard import cookie_in, cookie_name, cookie_path, local_path


async def given(request: Request) -> dict[str, str]:
    """The text fields of a posted form."""
    async with request.form() as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


def session_cookie(request: Request, app: App) -> str | None:
    """The value of the session cookie that the browser brought along."""
    return cookie_in(request.headers.get("cookie", ""), cookie_name(app))


def to(path: str | None) -> RedirectResponse:
    """Lead to a path of this app, to the board where it is none, by GET (RFC 9110, 15.4.4)."""
    return RedirectResponse(local_path(path), status_code=303)


def with_session(answer: Response, app: App, cookie: str) -> Response:
    """Let the browser keep the session."""
    return with_cookie(answer, app, cookie_name(app), cookie, sessions.LONGEST)


def without_session(answer: Response, app: App) -> Response:
    """Let the browser forget the session, which is over."""
    return with_cookie(answer, app, cookie_name(app), "", timedelta(0))


def with_cookie(answer: Response, app: App, name: str, value: str, lifetime: timedelta) -> Response:
    """Let the browser keep something for a while; no script and no other site gets at it."""
    answer.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        path=cookie_path(app),
        secure=app.settings.secure,
        httponly=True,
        samesite="lax",
    )
    return answer
