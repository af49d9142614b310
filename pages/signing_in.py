"""Signing in, registering and signing out.

The forms are NiceGUI pages; they are posted as plain HTTP, since only an HTTP answer can set the
session cookie, and a form with something wrong comes back with what was typed.
"""

import asyncio
from collections.abc import Mapping

from fastapi import FastAPI, HTTPException, Request
from nicegui import Client, ui
from starlette.responses import RedirectResponse, Response

from moodtracker.accounts import passwords, people, registration, sessions
from moodtracker.accounts.registration import InvalidInput, Registration, RegistrationClosed
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.app import App
from pages import errors, parts, posting
from pages.guard import local_path
from pages.provider import away, button
from pages.zone_field import zone_field

_REFUSED = "That name and password do not go together. Please try again."
_SIGN_IN = ui.page("/login", title="Sign in · Moodtracker")
_REGISTER = ui.page("/register", title="Welcome · Moodtracker")


def mount(web: FastAPI, app: App) -> None:
    """Serve /login, /register and /logout."""

    @_SIGN_IN
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
        _sign_in_form(app, {"next": wanted or ""}, may_join=may_join)
        return None

    @web.post("/login")
    async def sign_in(request: Request) -> Response:
        _by_password(app)
        given = await posting.given(request)
        try:
            cookie = await asyncio.to_thread(
                sessions.sign_in,
                app.database,
                given.get("login", ""),
                given.get("password", ""),
                device=request.state.device,
                instead_of=posting.session_cookie(request, app),
            )
        except SignInRefused:
            may_join = await _may_join(app)
            with Client(_SIGN_IN, request=request) as client:
                _sign_in_form(app, given, may_join=may_join, wrong=_REFUSED)
            return client.build_response(request, 401)
        return posting.with_session(posting.to(given.get("next")), app, cookie)

    @_REGISTER
    async def register_page(request: Request) -> Response | None:
        if request.state.signed_in:
            return posting.to("/")
        if app.settings.oidc_only:
            return posting.to(button.start())
        if not await _may_join(app):
            return _closed()
        _register_form(app, {}, {})
        return None

    @web.post("/register")
    async def register(request: Request) -> Response:
        _by_password(app)
        given = await posting.given(request)
        try:
            new = Registration.check(given)
            person = await asyncio.to_thread(
                registration.register, app.database, app.settings.registration, new
            )
        except InvalidInput as wrong:
            with Client(_REGISTER, request=request) as client:
                _register_form(app, given, wrong.messages)
            return client.build_response(request, 422)
        except RegistrationClosed:
            return _closed()
        cookie = await asyncio.to_thread(
            sessions.open_session,
            app.database,
            person.id,
            device=request.state.device,
            instead_of=posting.session_cookie(request, app),
        )
        return posting.with_session(posting.to("/"), app, cookie)

    @web.post("/logout")
    async def sign_out(request: Request) -> Response:
        who = request.state.signed_in
        id_token = await asyncio.to_thread(sessions.id_token_of, app.database, who)
        await asyncio.to_thread(
            sessions.sign_out, app.database, posting.session_cookie(request, app)
        )
        app.live.tell(who.person.id)
        return posting.without_session(await away.after_signing_out(request, app, id_token), app)


def _by_password(app: App) -> None:
    """Refuse a form with a password where people sign in with the identity provider alone."""
    if app.settings.oidc_only:
        raise HTTPException(403)


def _sign_in_form(
    app: App, given: Mapping[str, str], *, may_join: bool, wrong: str | None = None
) -> None:
    with parts.narrow_card("Welcome back", "Sign in to your board."):
        with parts.form("/login"):
            if wrong:
                parts.alert(wrong)
            parts.hidden("next", local_path(given.get("next")))
            parts.field(
                "Username or e-mail",
                "login",
                value=given.get("login", ""),
                autocomplete="username",
                focus=True,
            )
            parts.field("Password", "password", kind="password", autocomplete="current-password")
            parts.submit("Sign in")
        button.button(app, given.get("next"))
        if may_join:
            parts.aside("New here?", "Make an account", "/register")


def _register_form(app: App, given: Mapping[str, str], wrong: Mapping[str, str]) -> None:
    with (
        parts.narrow_card("Nice to meet you", "Two moods a day, a year of colour, yours alone."),
        parts.form("/register"),
    ):
        if wrong:
            parts.alert("Something needs another look. Nothing was saved yet.")
        parts.field(
            "First name",
            "first_name",
            value=given.get("first_name", ""),
            autocomplete="given-name",
            wrong=wrong.get("first_name"),
            focus=True,
        )
        parts.field(
            "Last name (if you like)",
            "last_name",
            value=given.get("last_name", ""),
            autocomplete="family-name",
            wrong=wrong.get("last_name"),
            required=False,
        )
        parts.field(
            "Username",
            "username",
            value=given.get("username", ""),
            autocomplete="username",
            wrong=wrong.get("username"),
        )
        parts.field(
            "E-mail",
            "email",
            value=given.get("email", ""),
            autocomplete="email",
            help_text="Your finished board is mailed here once a year.",
            wrong=wrong.get("email"),
        )
        parts.field(
            "Password",
            "password",
            kind="password",
            autocomplete="new-password",
            help_text=f"At least {passwords.SHORTEST} characters; a sentence is fine.",
            wrong=wrong.get("password"),
        )
        zone_field(given.get("zone", ""), wrong.get("zone"))
        parts.submit("Start my board")
        button.button(app)


def _closed() -> Response:
    return errors.page(
        "Registration is closed",
        "This board has its people. Whoever runs it can let you in.",
        403,
    )


async def _may_join(app: App) -> bool:
    return await asyncio.to_thread(registration.is_open, app.database, app.settings.registration)
