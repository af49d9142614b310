"""What went wrong on the way to the provider and back, in words, each with a way on."""

import logging

from starlette.responses import Response

from moodtracker.accounts.attempt import SIGNED_OUT, Attempt
from moodtracker.accounts.identity import (
    AttemptOver,
    Identity,
    IdentityTaken,
    NotBelieved,
    ProviderDown,
    ProviderRefused,
)
from moodtracker.accounts.linking import AnotherAddress, Disabled
from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import errors
from pages.provider.button import start

log = logging.getLogger(__name__)

Trouble = (
    AttemptOver,
    ProviderDown,
    ProviderRefused,
    NotBelieved,
    AnotherAddress,
    IdentityTaken,
    Disabled,
)


def page(app: App, error: Exception, attempt: Attempt | None = None) -> Response:
    """The page that tells a person about one of :data:`Trouble`; ``attempt`` is what they began."""
    title, words, status, way_on = _told(app, error, attempt or Attempt())
    if attempt and attempt.purpose != "sign-in":
        way_on = _("To your settings"), attempt.next
    name = app.settings.oidc_name
    return errors.page(title.format(provider=name), words.format(provider=name), status, way_on)


def connected_elsewhere(app: App, identity: Identity) -> Response:
    """The page for somebody whose board is connected with another account at the provider."""
    words = _(
        "{address} has a board here, which is connected with another account at {provider}. "
        "Whoever runs Moodtracker here can help."
    ).format(address=identity.email, provider=app.settings.oidc_name)
    return errors.page(_("There is a board with your address"), words, 409, elsewhere(app))


def elsewhere(app: App) -> tuple[str, str]:
    """Where to go on for who does not try again: a label, and a path that leads nowhere at once."""
    if app.settings.oidc_only:
        return _("To the start"), SIGNED_OUT
    return _("Sign in with your password"), "/login"


def _told(app: App, error: Exception, attempt: Attempt) -> tuple[str, str, int, tuple[str, str]]:
    """Title, words, status, and where to go on."""
    again = _("Try again"), start(attempt.next, attempt.invitation)
    told = (
        _("That took too long, or was done already"),
        _("This way in was for once, and for a while. Please start again."),
        400,
        again,
    )
    match error:
        case ProviderDown() if app.settings.oidc_only:
            words = _(
                "It does not answer just now. Your board is safe; please try again in a while."
            )
            told = _("Signing in with {provider} has to wait"), words, 503, again
        case ProviderDown():
            words = _("It does not answer just now. Your password works here all the same.")
            told = _("Signing in with {provider} has to wait"), words, 503, elsewhere(app)
        case ProviderRefused(code="access_denied"):
            words = _("You did not let {provider} say who you are. Nothing was changed.")
            told = _("That was not finished"), words, 403, again
        case ProviderRefused():
            log.warning("the identity provider signs nobody in (%s)", _printable(error.code))
            words = _("Signing in with {provider} did not work. Nothing was changed.")
            told = _("That did not work"), words, 502, again
        case NotBelieved():
            log.warning("what the identity provider sent is not believed (%s)", error)
            words = _("What came back from {provider} does not hold. Nothing was changed.")
            told = _("That did not work"), words, 400, again
        case AnotherAddress():
            words = _(
                "To connect with {provider}, it has to vouch for the e-mail address that your "
                "board has. Make the two the same, here or there, and try again."
            )
            told = _("That is another address"), words, 409, again
        case IdentityTaken():
            words = _("Whoever signed in with {provider} has another board here.")
            told = _("That is somebody else"), words, 409, again
        case Disabled():
            words = _("Whoever runs Moodtracker here can switch it on again.")
            told = _("This board is switched off"), words, 403, elsewhere(app)
    return told


def _printable(code: str) -> str:
    return "".join(character for character in code[:60] if character.isalnum() or character == "_")
