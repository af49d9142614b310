"""Signing in and out.

The form is a NiceGUI page; it is posted as plain HTTP, since only an HTTP answer can set the
session cookie, and comes back with what was typed where something is wrong.
"""

import asyncio
from collections.abc import Mapping

from fastapi import FastAPI, Request
from nicegui import Client, ui
from starlette.responses import RedirectResponse, Response

from moodtracker.accounts import people, registration, sessions
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.accounts.throttling import TooManyTries
from moodtracker.app import App
from moodtracker.fair_queue import Busy
from moodtracker.language import gettext as _
from pages import framework, parts, posting, retry, words
from pages.guard import local_path
from pages.provider import away, button

_PAGE = ui.page("/login", response_timeout=framework.PAGE_SECONDS)


def mount(web: FastAPI, app: App) -> None:
    """Serve /login and /logout."""

    @_PAGE
    async def sign_in_page(request: Request) -> Response | None:
        wanted = request.query_params.get("next")
        if request.state.signed_in:
            return posting.to(wanted)
        if app.settings.oidc_only:
            return posting.to(button.start(wanted))
        may_join = await _may_join(app)
        if may_join and not await asyncio.to_thread(people.anybody, app.database):
            # Nobody lives here yet; relative for the reason that sign_in_path tells.
            return RedirectResponse("register", 303)
        # Who signs out loses the cookie: who still brings one was signed out by something else.
        has_ended = bool(posting.session_cookie(request))
        _form(app, {"next": wanted or ""}, may_join=may_join, has_ended=has_ended)
        return None

    @web.post("/login")
    async def sign_in(request: Request) -> Response:
        posting.refuse_without_passwords(app)
        given = await posting.given(request)
        try:
            admitted = await app.proving.sign_in(
                given.get("login", ""),
                given.get("password", ""),
                posting.visitor(request, app),
                instead_of=posting.session_cookie(request),
            )
        except (SignInRefused, TooManyTries, Busy) as error:
            may_join = await _may_join(app)
            with Client(_PAGE, request=request) as client:
                _form(app, given, may_join=may_join, wrong=words.for_person(error))
            answer = client.build_response(request, retry.status_of(error))
            return retry.later(answer, error)
        return posting.admit(posting.to(given.get("next")), app, admitted)

    @web.post("/logout")
    async def sign_out(request: Request) -> Response:
        who = request.state.signed_in
        id_token = await asyncio.to_thread(sessions.id_token_of, app.database, who)
        await asyncio.to_thread(
            sessions.sign_out,
            app.database,
            posting.session_cookie(request),
            request.state.address,
        )
        return posting.without_session(await away.after_signing_out(request, app, id_token), app)


def _form(
    app: App,
    given: Mapping[str, str],
    *,
    may_join: bool,
    has_ended: bool = False,
    wrong: str | None = None,
) -> None:
    with parts.narrow_card(_("Welcome back"), _("Sign in to your board.")):
        if has_ended:
            parts.notice(
                _("Your session has ended. Sign in to go on: what you picked or typed is kept.")
            )
        with parts.form("/login"):
            if wrong:
                parts.alert(wrong)
            parts.hidden("next", local_path(given.get("next")))
            parts.field(
                _("Username or e-mail"),
                "login",
                value=given.get("login", ""),
                autocomplete="username",
                focus=True,
            )
            parts.field(_("Password"), "password", kind="password", autocomplete="current-password")
            parts.submit(_("Sign in"))
        button.button(app, given.get("next"))
        parts.aside(_("Forgot your password?"), _("Choose a new one"), "/forgot")
        if may_join:
            parts.aside(_("New here?"), _("Make an account"), "/register")


async def _may_join(app: App) -> bool:
    return await asyncio.to_thread(registration.is_open, app.database, app.settings.registration)
