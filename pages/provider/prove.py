"""Proving it is you without a password: by signing in at the provider once more.

What asks for a password, such as leaving for good, shows :func:`ask` to somebody who has none and
is not yet :func:`proved`; then they are sent there, and come back with a few minutes to do it in.
"""

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.responses import Response

from moodtracker.accounts.attempt import Attempt
from moodtracker.accounts.fresh_proof import LIFETIME, FreshProofs
from moodtracker.accounts.identity import Identity
from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import parts, posting
from pages.guard import cookie_name, local_path
from pages.provider import away

if TYPE_CHECKING:
    from moodtracker.accounts.provider import Provider

_PROVE = "/login/provider/prove"


def mount(web: FastAPI, app: App, provider: "Provider") -> None:
    """Serve the way there."""

    @web.post(_PROVE)
    async def prove(request: Request) -> Response:
        who: SignedIn = request.state.signed_in
        wanted = local_path((await posting.given(request)).get("next"))
        attempt = Attempt(purpose="confirm", user_id=who.person.id, next=wanted)
        return await away.set_out(request, app, provider, attempt)


def ask(app: App, come_back_to: str) -> None:
    """A button that leads to the provider, and back to ``come_back_to``, a path of ours."""
    with parts.form(_PROVE):
        parts.text(
            "p",
            _(
                "You have no password here. Please show at {provider} once more that it is you."
            ).format(provider=app.settings.oidc_name),
        )
        parts.hidden("next", come_back_to)
        parts.submit(_("Go to {provider}").format(provider=app.settings.oidc_name), "plain")


def proved(request: Request, app: App) -> bool:
    """Whether who is signed in has proved anew that it is them, in the last minutes."""
    proof = posting.cookie(request, _cookie(app))
    return FreshProofs(app.secret).are_good(proof, request.state.signed_in)


def keep(
    answer: Response, app: App, who: SignedIn, attempt: Attempt, identity: Identity
) -> Response:
    """Let the browser keep the proof.

    Raises :class:`~moodtracker.accounts.identity.NotBelieved` where it is none.
    """
    proof = FreshProofs(app.secret).give(who, attempt, identity)
    return posting.with_cookie(answer, app, _cookie(app), proof, LIFETIME)


def _cookie(app: App) -> str:
    return f"{cookie_name(app)}-proved"
