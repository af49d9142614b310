"""The button that leads to the provider."""

from urllib.parse import urlencode

from nicegui import ui

from moodtracker.app import App
from moodtracker.language import gettext as _
from pages import parts
from pages.guard import local_path
from pages.sub_path import address

START = "/login/provider"


def button(app: App, wanted: str | None = None, invitation: str = "") -> None:
    """Show it where there is a provider; ``wanted`` is where they go on to once signed in."""
    if app.provider is None:
        return
    with ui.element("p").classes("or"):
        parts.text("span", _("or"))
    link = parts.text("a", _("Sign in with {provider}").format(provider=app.settings.oidc_name))
    link.classes("plain")
    link.props["href"] = address(start(wanted, invitation))


def start(wanted: str | None = None, invitation: str = "") -> str:
    """The bare path that leads straight to the provider."""
    query = {"next": local_path(wanted), "invitation": invitation}
    given = {name: value for name, value in query.items() if value not in ("", "/")}
    return f"{START}?{urlencode(given)}" if given else START
