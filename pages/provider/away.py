"""The way to the provider and the arrival from there, with what the browser carries meanwhile.

An address there is never the answer to a form: browsers hold a form's redirects to the page's
policy too (CSP, form-action), and where the provider leads on to is not ours to list.
"""

import asyncio
import hashlib
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from moodtracker.accounts import sessions
from moodtracker.accounts.attempt import LIFETIME, SIGNED_OUT, Attempt, Attempts
from moodtracker.accounts.identity import Identity, ProviderDown
from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import document, errors, posting
from pages.guard import cookie_name, local_path, signed_out_path
from pages.provider import answers
from pages.provider.button import START

if TYPE_CHECKING:
    from moodtracker.accounts.provider import Provider

_AT_ONCE = 5  # how many tabs of one browser may be on their way


def mount(web: FastAPI, app: App, provider: "Provider") -> None:
    """Serve the start, and the page after signing out."""

    @web.get(START)
    async def start(request: Request) -> Response:
        wanted = local_path(request.query_params.get("next"))
        if request.state.signed_in:
            return posting.to(wanted)
        invitation = request.query_params.get("invitation", "")[:100]
        attempt = Attempt(next=wanted, invitation=invitation)
        return await set_out(request, app, provider, attempt)

    @web.get(SIGNED_OUT)
    async def signed_out(request: Request) -> Response:
        # Not the sign-in page: where that leads straight to the provider, who still knows them,
        # they would be signed in again at once.
        if app.settings.oidc_only:
            way_on = sign_in_with(app), START
        else:
            way_on = _("Sign in again"), "/login"
        return errors.page(
            _("You are signed out"), _("Your board is here when you come back."), 200, way_on
        )


async def set_out(request: Request, app: App, provider: "Provider", attempt: Attempt) -> Response:
    """Send the browser to the provider, with the attempt in a cookie of its own."""
    try:
        address = await provider.address_to_sign_in(attempt)
    except ProviderDown as error:
        return answers.page(app, error, attempt)
    answer = _leading_to(request, address)
    for name in _too_many(request, app):
        _forget(answer, app, name)
    return keep(answer, app, attempt)


def keep(answer: Response, app: App, attempt: Attempt) -> Response:
    """Let the browser carry the attempt."""
    sealed = Attempts(app.secret).seal(attempt)
    return posting.with_cookie(answer, app, _name(app, attempt.state), sealed, LIFETIME)


async def arrive(
    request: Request, app: App, user_id: int, attempt: Attempt, identity: Identity
) -> Response:
    """Begin a session for who came back, unless another tab of theirs was first."""
    who: SignedIn | None = request.state.signed_in
    onward = posting.to(attempt.next)
    if who is not None and who.person.id == user_id:
        return onward
    cookie = await asyncio.to_thread(
        sessions.open_session,
        app.database,
        user_id,
        device=request.state.device,
        address=request.state.address,
        id_token=identity.id_token,
        instead_of=posting.session_cookie(request),
    )
    return posting.with_session(onward, app, cookie)


def attempt_of(request: Request, app: App, state: str) -> Attempt:
    """The attempt of this state, as this browser brings it back; raises :class:`AttemptOver`."""
    return Attempts(app.secret).open(posting.cookie(request, _name(app, state)), state)


def end(answer: Response, app: App, attempt: Attempt) -> Response:
    """Let the browser forget the attempt."""
    _forget(answer, app, _name(app, attempt.state))
    return answer


async def after_signing_out(request: Request, app: App, id_token: str | None) -> Response:
    """Where somebody goes who has just signed out here: to sign out at the provider too.

    ``id_token`` is what their session began with, None where it did not come from the provider.
    """
    if app.provider is not None and id_token:
        address = await app.provider.address_to_sign_out(id_token)
        return _leading_to(request, address) if address else posting.to(SIGNED_OUT)
    return posting.to(signed_out_path(app.settings))


def sign_in_with(app: App) -> str:
    """What the button says."""
    return _("Sign in with {provider}").format(provider=app.settings.oidc_name)


def _leading_to(request: Request, address: str) -> Response:
    if request.method == "GET":
        return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    return HTMLResponse(
        f"<!doctype html><html{document.attributes()}><head>"
        f"<title>{_('One moment')} · Moodtracker</title>"
        f'<meta http-equiv="refresh" content="0; url={escape(address)}"></head>'
        f'<body><a href="{escape(address)}">{_("Go on")}</a></body></html>',
        headers={"Cache-Control": "no-store"},
    )


def _prefix(app: App) -> str:
    return f"{cookie_name(app)}-provider-"


def _name(app: App, state: str) -> str:
    return _prefix(app) + hashlib.sha256(state.encode(errors="replace")).hexdigest()[:16]


def _too_many(request: Request, app: App) -> list[str]:
    """The oldest attempts of this browser, so that with the new one there are few enough.

    Browsers send cookies of the same path in the order in which they were made (RFC 6265, 5.4).
    """
    on_their_way = [name for name in request.state.cookies if name.startswith(_prefix(app))]
    return on_their_way[: -(_AT_ONCE - 1)]


def _forget(answer: Response, app: App, name: str) -> None:
    posting.with_cookie(answer, app, name, "", timedelta(0))
