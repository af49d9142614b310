"""A new person who came by the provider: the same rules as for everybody, and no password."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict

from fastapi import FastAPI, Request
from nicegui import Client, ui
from starlette.responses import Response

from moodtracker.accounts import registration
from moodtracker.accounts.identity import AttemptOver, IdentityTaken
from moodtracker.accounts.invitations import InvitationSpent
from moodtracker.accounts.registration import Brought, InvalidInput, NewPerson, RegistrationClosed
from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import errors, parts, posting
from pages.provider import answers, away
from pages.provider.newcomer import Newcomer, private
from pages.setup_code_field import is_asked_for, setup_code_field
from pages.zone_field import zone_field

_JOIN = "/login/provider/join"
_PAGE = ui.page(_JOIN, title="Welcome · Moodtracker")


def mount(web: FastAPI, app: App) -> None:
    """Serve what the form does."""

    @web.post(_JOIN)
    async def join(request: Request) -> Response:
        given = await posting.given(request)
        try:
            newcomer = Newcomer.of_form(request, app, given)
            if "first_name" not in given:  # it is an offer that was taken
                return await page(request, app, newcomer)
            email = newcomer.identity.email or given.get("email", "")
            person = await asyncio.to_thread(
                registration.register,
                app.database,
                app.settings.registration,
                NewPerson.check({**given, "email": email}),
                newcomer.identity,
                brought=Brought(newcomer.attempt.invitation, given.get("setup_code", "")),
                setup_code=app.setup_code,
                address=request.state.address,
            )
        except InvalidInput as wrong:
            return await page(request, app, newcomer, given, wrong.messages)
        except (RegistrationClosed, InvitationSpent):
            return _closed(app)
        except (AttemptOver, IdentityTaken) as error:
            return answers.page(app, error)
        onward = await away.arrive(request, app, person.id, newcomer.attempt, newcomer.identity)
        return away.end(onward, app, newcomer.attempt)


def offer(app: App, newcomer: Newcomer, label: str) -> None:
    """A button that leads to the form for a new person."""
    with parts.form(_JOIN):
        newcomer.goes_along(app)
        parts.submit(label, "plain")


async def page(
    request: Request,
    app: App,
    newcomer: Newcomer,
    given: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Response:
    """Ask a new person for what the provider did not tell, and to look over what it did."""
    if not await asyncio.to_thread(
        registration.is_open,
        app.database,
        app.settings.registration,
        newcomer.attempt.invitation,
    ):
        return _closed(app)
    asks_for_code = await is_asked_for(app)
    told = asdict(newcomer.identity) | {"email": newcomer.identity.claimed_email}
    words = _("Two moods a day, a year of colour, yours alone.")
    with (
        Client(_PAGE, request=request) as client,
        parts.narrow_card(_("Nice to meet you"), words),
        parts.form(_JOIN),
    ):
        if wrong:
            parts.alert(_("Something needs another look. Nothing was saved yet."))
        newcomer.goes_along(app)
        if asks_for_code:
            setup_code_field(app, given or {}, wrong or {})
        _fields(newcomer.identity.email, given or told, wrong or {})
        parts.submit(_("Start my board"))
    return private(client.build_response(request, 422 if wrong else 200))


def _fields(email: str | None, given: Mapping[str, str], wrong: Mapping[str, str]) -> None:
    """``email`` is the address that the provider vouches for, None to ask for one."""
    parts.field(
        _("First name"),
        "first_name",
        value=given.get("first_name", ""),
        autocomplete="given-name",
        wrong=wrong.get("first_name"),
    )
    parts.field(
        _("Last name (if you like)"),
        "last_name",
        value=given.get("last_name", ""),
        autocomplete="family-name",
        wrong=wrong.get("last_name"),
        required=False,
    )
    parts.field(
        _("Username"),
        "username",
        value=given.get("username", ""),
        autocomplete="username",
        wrong=wrong.get("username"),
    )
    if email is None:
        parts.field(
            _("E-mail"),
            "email",
            value=given.get("email", ""),
            autocomplete="email",
            help_text=_("Your finished board is mailed here once a year."),
            wrong=wrong.get("email"),
        )
    zone_field(given.get("zone", ""), wrong.get("zone"))
    if email is not None:
        words = _("Your finished board is mailed to {address} once a year.").format(address=email)
        parts.text("p", words).classes("help")


def _closed(app: App) -> Response:
    return errors.page(
        _("There is no board for you here yet"),
        _(
            "You are known to {provider}, but this board has its people. Whoever runs it can let "
            "you in."
        ).format(provider=app.settings.oidc_name),
        403,
        answers.elsewhere(app),
    )
