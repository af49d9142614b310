"""Making an account: for the first person, for whoever was invited, or for everybody."""

import asyncio
from collections.abc import Mapping
from functools import partial

from fastapi import FastAPI, Request
from nicegui import Client, ui
from starlette.responses import Response

from moodtracker.accounts import passwords, registration, sessions
from moodtracker.accounts.invitations import InvitationSpent
from moodtracker.accounts.proving import Admitted
from moodtracker.accounts.registration import (
    Brought,
    InvalidInput,
    Registration,
    RegistrationClosed,
)
from moodtracker.accounts.throttling import Count, TooManyTries, network
from moodtracker.app import App
from moodtracker.fair_queue import Busy
from moodtracker.language import gettext as _
from pages import errors, framework, parts, posting, retry, words
from pages.provider import button
from pages.setup_code_field import is_asked_for, setup_code_field
from pages.who_fields import who_fields
from pages.zone_field import zone_field

_PAGE = ui.page("/register", response_timeout=framework.PAGE_SECONDS)
_FREE_TRIES = 100  # from one address, which a school may share


def mount(web: FastAPI, app: App) -> None:
    """Serve /register."""

    @_PAGE
    async def register_page(request: Request) -> Response | None:
        if request.state.signed_in:
            return posting.to("/")
        invitation = request.query_params.get("invitation", "")
        if app.settings.oidc_only:
            return posting.to(button.start(invitation=invitation))
        if not await _may_join(app, invitation):
            return _spent() if invitation else closed()
        _form(app, {"invitation": invitation}, {}, asks_for_code=await is_asked_for(app))
        return None

    @web.post("/register")
    async def register(request: Request) -> Response:
        posting.refuse_without_passwords(app)
        given = await posting.given(request)
        invitation = given.get("invitation", "")
        if not await _may_join(app, invitation):  # before anything is done that costs
            return _spent() if invitation else closed()
        try:
            where = network(request.state.address)
            counts = [Count(f"joining from {where}", _FREE_TRIES)]
            await asyncio.to_thread(app.throttle.begin, counts)
            admitted = await passwords.choosing.run(where, partial(_join, app, request, given))
        except InvalidInput as wrong:
            return await _again(request, given, wrong.messages, 422)
        except (TooManyTries, Busy) as error:
            wrong_words = {"": words.for_person(error)}
            answer = await _again(request, given, wrong_words, retry.status_of(error))
            return retry.later(answer, error)
        except RegistrationClosed:
            return closed()
        except InvitationSpent:
            return _spent()
        return posting.admit(posting.to("/"), app, admitted)

    async def _again(
        request: Request, given: Mapping[str, str], wrong: Mapping[str, str], status: int
    ) -> Response:
        asks_for_code = await is_asked_for(app)
        with Client(_PAGE, request=request) as client:
            _form(app, given, wrong, asks_for_code=asks_for_code)
        return client.build_response(request, status)


def closed() -> Response:
    """The page for whom registration is not open."""
    return errors.page(
        _("Registration is closed"),
        _("This board has its people. Whoever runs it can let you in."),
        403,
        (_("Sign in"), "/login"),
    )


def _join(app: App, request: Request, given: Mapping[str, str]) -> Admitted:
    visitor = posting.visitor(request, app)
    person = registration.register(
        app.database,
        app.settings.registration,
        Registration.check(given),
        brought=Brought(given.get("invitation", ""), given.get("setup_code", "")),
        setup_code=app.setup_code,
        address=visitor.address,
    )
    cookie = sessions.open_session(
        app.database,
        person.id,
        device=visitor.device,
        address=visitor.address,
        instead_of=posting.session_cookie(request),
    )
    return Admitted(cookie, app.proving.known_now(visitor.known, person.id))


def _form(
    app: App, given: Mapping[str, str], wrong: Mapping[str, str], *, asks_for_code: bool
) -> None:
    with (
        parts.narrow_card(
            _("Nice to meet you"), _("Two moods a day, a year of colour, yours alone.")
        ),
        parts.form("/register"),
    ):
        if wrong:
            parts.alert(wrong.get("", _("Something needs another look. Nothing was saved yet.")))
        if given.get("invitation"):
            parts.hidden("invitation", given["invitation"])
        if asks_for_code:
            setup_code_field(app, given, wrong)
        who_fields(given, wrong, focus=not asks_for_code)
        parts.field(
            _("Password"),
            "password",
            kind="password",
            autocomplete="new-password",
            help_text=_("At least {number} characters; a sentence is fine.").format(
                number=passwords.SHORTEST
            ),
            wrong=wrong.get("password"),
        )
        zone_field(given.get("zone", ""), wrong.get("zone"))
        parts.submit(_("Start my board"))
        button.button(app, invitation=given.get("invitation", ""))


def _spent() -> Response:
    return errors.page(
        _("This invitation does not work any more"),
        _("It was used already, or is too old. Please ask for another one."),
        410,
        (_("Sign in"), "/login"),
    )


async def _may_join(app: App, invitation: str) -> bool:
    return await asyncio.to_thread(
        registration.is_open, app.database, app.settings.registration, invitation
    )
