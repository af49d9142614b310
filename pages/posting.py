"""A form that was posted: what it holds, which session it came with, and how it is answered."""

from datetime import timedelta

from fastapi import HTTPException, Request
from starlette.responses import RedirectResponse, Response

from moodtracker.accounts import sessions
from moodtracker.accounts.proving import Admitted, Visitor
from moodtracker.app import App
from pages.guard import cookie_name, cookie_path, known_name, local_path
from pages.guard.limits import LARGEST_RETURNED_MAIL


async def given(request: Request) -> dict[str, str]:
    """The text fields of a posted form."""
    # It has been measured at the door.
    async with request.form(max_part_size=LARGEST_RETURNED_MAIL) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


def cookie(request: Request, name: str) -> str:
    """The value of a cookie of ours that the browser brought along, '' where it brought none."""
    brought: list[str] = request.state.cookies.get(name, [""])
    return brought[0]


def session_cookie(request: Request) -> str | None:
    """The session cookie that the browser brought along: the one that names an open session."""
    brought: str | None = request.state.session_cookie
    return brought


def visitor(request: Request, app: App) -> Visitor:
    """From where, and from which browser, a request comes."""
    state = request.state
    return Visitor(state.address, state.device, cookie(request, known_name(app)))


def refuse_without_passwords(app: App) -> None:
    """Refuse what is about passwords where people sign in with the identity provider alone."""
    if app.settings.oidc_only:
        raise HTTPException(403)


def to(path: str | None) -> RedirectResponse:
    """Lead to a path of this app, to the board where it is none, by GET (RFC 9110, 15.4.4)."""
    return RedirectResponse(local_path(path), status_code=303)


def admit(answer: Response, app: App, admitted: Admitted) -> Response:
    """Let the browser keep the session, and what it is known again by after it."""
    with_session(answer, app, admitted.cookie)
    return with_cookie(answer, app, known_name(app), admitted.known, app.proving.known_for)


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
