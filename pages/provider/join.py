"""A new person who came by the provider: the same rules as for everybody, and no password."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict

from fastapi import FastAPI, Request
from nicegui import Client, ui
from starlette.responses import Response

from moodtracker.accounts import linking, registration
from moodtracker.accounts.identity import AttemptOver, IdentityTaken
from moodtracker.accounts.invitations import InvitationSpent
from moodtracker.accounts.linking import Disabled
from moodtracker.accounts.people import Person
from moodtracker.accounts.registration import Brought, InvalidInput, NewPerson, RegistrationClosed
from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import errors, parts, posting
from pages.provider import answers, away
from pages.provider.button import start
from pages.provider.newcomer import Newcomer, private
from pages.setup_code_field import is_asked_for, setup_code_field
from pages.who_fields import who_fields
from pages.zone_field import zone_field

_JOIN = "/login/provider/join"
_PAGE = ui.page(_JOIN)


def mount(web: FastAPI, app: App) -> None:
    """Serve what the form does."""

    @web.post(_JOIN)
    async def join(request: Request) -> Response:
        given = await posting.given(request)
        try:
            newcomer = Newcomer.of_form(request, app, given)
            if "first_name" not in given:  # it is an offer that was taken
                return await page(request, app, newcomer)
            person = await asyncio.to_thread(_register, app, newcomer, given, request.state.address)
        except InvalidInput as wrong:
            return await page(request, app, newcomer, given, wrong.messages)
        except (RegistrationClosed, InvitationSpent):
            return _closed(app)
        except IdentityTaken:  # they joined in another tab
            return posting.to(start(newcomer.attempt.next))
        except (AttemptOver, Disabled) as error:
            return answers.page(app, error)
        onward = await away.arrive(request, app, person.id, newcomer.attempt, newcomer.identity)
        return away.end(onward, app, newcomer.attempt)


def _register(app: App, newcomer: Newcomer, given: Mapping[str, str], address: str) -> Person:
    if linking.owner(app.database, newcomer.identity):
        raise IdentityTaken
    email = newcomer.identity.email or given.get("email", "")
    return registration.register(
        app.database,
        app.settings.registration,
        NewPerson.check({**given, "email": email}),
        newcomer.identity,
        brought=Brought(newcomer.attempt.invitation, given.get("setup_code", "")),
        setup_code=app.setup_code,
        address=address,
    )


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
        who_fields(
            given or told, wrong or {}, focus=False, verified_address=newcomer.identity.email
        )
        zone_field((given or told).get("zone", ""), (wrong or {}).get("zone"))
        parts.submit(_("Start my board"))
    return private(client.build_response(request, 422 if wrong else 200))


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
