"""What stands between a page and the app, such as a proxy that passes no websockets on: said on
the page itself, with the cure for whoever runs it.

Only the browser knows at which address it is, and whether its socket stands. So each page has a few
lines, `assets/watch.js`, which ask for the sentences and `assets/obstacles.js`, one file for each
language, where something is amiss; that shows the one that fits.
"""

import json
from functools import lru_cache
from html import escape

from fastapi import FastAPI, HTTPException
from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from moodtracker import language
from moodtracker.language import gettext as _
from pages import assets, document
from pages.kept_text import KeptText

FOLDER = "/obstacles/"

_base_url = ""


def mount(web: FastAPI, base_url: str) -> None:
    """Serve the files; ``base_url`` is where the app believes to be (BASE_URL), for all pages."""
    global _base_url  # noqa: PLW0603 - a setting of the process, and pages are made everywhere
    _base_url = base_url
    _told.cache_clear()

    @web.get(FOLDER + "{spoken}.js")
    def told(spoken: str, request: Request) -> Response:
        if spoken not in language.LANGUAGES:
            raise HTTPException(404)
        return _told(spoken).answer(request)


def add(request: Request) -> None:
    """Let the page under construction look for what may fail."""
    more = " data-socket" if document.has_socket(request) else ""
    ui.add_body_html(_box(request, more) + assets.inline(request, assets.text("watch.js")))


def markup(request: Request) -> str:
    """The same for a page of words alone: it looks at its address at once."""
    return f'{_box(request)}<script src="{_address(request)}" defer></script>'


def _box(request: Request, more: str = "") -> str:
    return (
        f'<div id="obstacle" class="obstacle" aria-live="polite" hidden{more}'
        f' data-base="{escape(_base_url)}" data-path="{escape(request.scope["path"])}"'
        f' data-told="{_address(request)}"></div>'
    )


def _address(request: Request) -> str:
    """Relative to the page, in whatever folder a proxy has put that."""
    spoken = language.spoken()
    up = "../" * (request.scope["path"].count("/") - 1)
    return f"{up}{FOLDER.removeprefix('/')}{spoken}.js?v={_told(spoken).mark}"


@lru_cache
def _told(spoken: str) -> KeptText:
    with language.speaking(spoken):
        kinds = "".join(
            f'<div data-kind="{kind}" hidden><p>{person}</p><p>{operator}</p></div>'
            for kind, (person, operator) in _sentences().items()
        )
    put = f'document.getElementById("obstacle").innerHTML = {json.dumps(kinds)};'
    return KeptText.of(f"{put}\n{assets.text('obstacles.js')}", "text/javascript")


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
