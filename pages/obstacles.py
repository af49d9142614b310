"""What stands between a page and the app, such as a proxy that passes no websockets on: said on
the page itself, with the cure for whoever runs it.

Only the browser knows at which address it is, and whether its socket stands, so the sentences go
along with every page, hidden, and `assets/obstacles.js` shows the one that fits.
"""

from html import escape

from nicegui import ui
from starlette.requests import Request

from moodtracker.language import gettext as _
from pages import assets

_base_url = ""


def know(base_url: str) -> None:
    """Where the app believes to be (BASE_URL), for all pages of this process."""
    global _base_url  # noqa: PLW0603 - a setting of the process, and pages are made everywhere
    _base_url = base_url


def add(request: Request) -> None:
    """Give the page under construction, which will open a socket, the words for what may fail."""
    ui.add_body_html(markup(request, connects=True))


def markup(request: Request, *, connects: bool = False) -> str:
    """The same for a page that is written by hand; ``connects`` says that it opens a socket."""
    kinds = "".join(
        f'<div data-kind="{kind}" hidden><p>{person}</p><p>{operator}</p></div>'
        for kind, (person, operator) in _sentences().items()
    )
    path, watched = escape(request.scope["path"]), " data-connects=1" if connects else ""
    return (
        '<div id="obstacle" class="obstacle" aria-live="polite" hidden'
        f' data-base="{escape(_base_url)}" data-path="{path}"{watched}>'
        f"{kinds}</div>"
        f'<script nonce="{request.state.nonce}">{assets.text("obstacles.js")}</script>'
    )


def _sentences() -> dict[str, tuple[str, str]]:
    """For each kind of obstacle: what the person can do, and what whoever runs it can."""
    app = f'<a href="{escape(_base_url)}/">{escape(_base_url)}</a>'
    here, cure = "<b data-here></b>", "<code>MOODTRACKER_BASE_URL=<span data-cure></span></code>"
    recipes = "<code>docs/proxies.md</code>"
    return {
        "socket": (
            _("This page cannot connect, so what you tap here is not saved."),
            _(
                "If you run this server: the proxy in front of Moodtracker passes no websockets "
                "on. It has to pass the headers Upgrade and Connection; {recipes} has "
                "configurations that do."
            ).format(recipes=recipes),
        ),
        "host": (
            _(
                "This page cannot connect from {here}. Moodtracker expects you at {app}; please "
                "open it there."
            ).format(here=here, app=app),
            _(
                "If you run this server, and people are to open it here: set {cure}, and let the "
                "proxy pass the header Host and websockets on ({recipes})."
            ).format(cure=cure, recipes=recipes),
        ),
        "scheme": (
            _(
                "This page came without encryption, so signing in will not work. Please open {app}."
            ).format(app=app),
            _(
                "If you run this server: let the proxy lead from http to https, or, where there is "
                "to be no https, have MOODTRACKER_BASE_URL begin with http."
            ),
        ),
        "path": (
            _("Moodtracker believes that it is at {app}, but this page is at {here}.").format(
                app=app, here=here
            ),
            _(
                "If you run this server: set {cure} where people are to open it here; it does not "
                "matter whether the proxy takes the path off ({recipes})."
            ).format(cure=cure, recipes=recipes),
        ),
    }
