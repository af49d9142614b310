"""The provider vouches for an address that has a board here: is it theirs, and do they want it?

Their password proves the one, the button says the other.
"""

import asyncio

from fastapi import FastAPI, Request
from nicegui import Client, ui
from starlette.responses import Response

from moodtracker.accounts import linking, sessions
from moodtracker.accounts.identity import AttemptOver, Identity
from moodtracker.accounts.linking import Match
from moodtracker.accounts.sessions import SessionEnded, SignInRefused
from moodtracker.accounts.throttling import TooManyTries
from moodtracker.app import App
from moodtracker.fair_queue import Busy
from moodtracker.language import gettext as _
from pages import parts, posting, retry, words
from pages.provider import answers, away, join
from pages.provider.newcomer import Newcomer, private

_CONNECT = "/login/provider/connect"
_PAGE = ui.page(_CONNECT)


def mount(web: FastAPI, app: App) -> None:
    """Serve what the form does."""

    @web.post(_CONNECT)
    async def connect(request: Request) -> Response:
        given = await posting.given(request)
        try:
            newcomer = Newcomer.of_form(request, app, given)
            found = await asyncio.to_thread(linking.match, app.database, newcomer.identity)
            if found is None:
                raise AttemptOver
            try:
                admitted = await app.proving.sign_in(
                    found.username,
                    given.get("password", ""),
                    posting.visitor(request, app),
                    instead_of=posting.session_cookie(request),
                )
            except SignInRefused:
                wrong = _("That is not the password. Please try again.")
                return page(request, app, newcomer, found, wrong=wrong, status=401)
            except (TooManyTries, Busy) as error:
                wrong, status = words.for_person(error), retry.status_of(error)
                answer = page(request, app, newcomer, found, wrong=wrong, status=status)
                return retry.later(answer, error)
            try:
                await asyncio.to_thread(
                    _connect, app, admitted.cookie, newcomer.identity, request.state.address
                )
            except Exception:
                # Nobody holds its cookie: it is not to stay open for weeks.
                await asyncio.to_thread(sessions.sign_out, app.database, admitted.cookie)
                raise
        except (*answers.Trouble, SessionEnded) as error:
            return answers.page(app, error)
        onward = posting.admit(posting.to(newcomer.attempt.next), app, admitted)
        return away.end(onward, app, newcomer.attempt)


def page(
    request: Request,
    app: App,
    newcomer: Newcomer,
    found: Match,
    *,
    wrong: str | None = None,
    status: int = 200,
) -> Response:
    """Ask for the password of the account that was found."""
    provider = app.settings.oidc_name
    words = _(
        "{address} has a board here already. Enter its password once, and from now on {provider} "
        "leads to it as well."
    ).format(address=newcomer.identity.email, provider=provider)
    with (
        Client(_PAGE, request=request) as client,
        parts.narrow_card(_("Is this your board?"), words),
    ):
        with parts.form(_CONNECT):
            newcomer.goes_along(app)
            parts.field(
                _("Password"),
                "password",
                kind="password",
                autocomplete="current-password",
                wrong=wrong,
                focus=True,
            )
            parts.submit(_("Yes, connect it with {provider}").format(provider=provider))
        if found.is_certain:
            parts.aside(_("Not now?"), *answers.elsewhere(app))
        else:  # somebody else may have claimed the address
            join.offer(app, newcomer, _("No, that is not mine"))
    return private(client.build_response(request, status))


def _connect(app: App, cookie: str, identity: Identity, address: str) -> None:
    """Connect the identity with the account that a session was just opened for."""
    who = sessions.find(app.database, cookie)
    if who is None:
        raise SessionEnded
    linking.link(app.database, who, identity, address)
    sessions.keep_id_token(app.database, who, identity.id_token)
