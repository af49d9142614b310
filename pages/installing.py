"""The app on a phone's home screen: its manifest, its icons, and its page for no network."""

from functools import lru_cache

from fastapi import FastAPI
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from moodtracker.drawing import faces, painting
from moodtracker.language import direction, spoken
from moodtracker.language import gettext as _
from moodtracker.moods import Mood
from pages import assets, document
from pages.sub_path import address

# Of a maskable icon only the middle 80 % are sure to be seen (W3C, Web App Manifest, 4.2).
_SIDES = {"icon-192": 192, "icon-512": 512, "icon-180": 180, "icon-maskable-512": 512}
_INSET = {"icon-180": 0.1, "icon-maskable-512": 0.17}

_SCRIPTS = ("worker.js", "offline.js")
# The same for everybody.
FILES = {f"/{name}.png" for name in _SIDES} | {f"/{name}" for name in _SCRIPTS}
# Nothing of a person is in there but their language: everybody may have it.
PATHS = {"/manifest.webmanifest", "/offline"} | FILES

# It is kept with this header: a nonce would be an old one.
_OFFLINE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)

# What a service worker asks for is ruled by its own policy, not by its pages'.
_WORKER_POLICY = "default-src 'none'; connect-src 'self'"


def mount(web: FastAPI) -> None:
    """Serve what browsers ask for before they install, and the service worker."""

    @web.get("/manifest.webmanifest")
    async def manifest() -> Response:
        icons = [
            {
                "src": address(f"/{name}.png"),
                "sizes": f"{side}x{side}",
                "type": "image/png",
                "purpose": "maskable" if "maskable" in name else "any",
            }
            for name, side in _SIDES.items()
        ]
        content = {
            "name": "Moodtracker",
            "short_name": "Moodtracker",
            "description": _("Two moods a day, a year of colour, yours alone."),
            "id": address("/"),
            "start_url": address("/"),
            "scope": address("/"),
            "display": "standalone",
            "lang": spoken(),
            "dir": direction(),
            "background_color": document.LIGHT,
            "theme_color": document.LIGHT,
            "icons": icons,
        }
        return JSONResponse(content, media_type="application/manifest+json")

    def serve_icon(name: str) -> None:
        @web.get(f"/{name}.png")
        def icon() -> Response:
            return Response(
                _icon(name),
                media_type="image/png",
                headers={"Cache-Control": "public, max-age=604800"},
            )

    for name in _SIDES:
        serve_icon(name)

    def serve_script(name: str) -> None:
        @web.get(f"/{name}")
        async def script() -> Response:
            return FileResponse(
                assets.FOLDER / name,
                media_type="text/javascript",
                headers={
                    "Cache-Control": "no-cache",
                    "Content-Security-Policy": _WORKER_POLICY,
                },
            )

    for name in _SCRIPTS:
        serve_script(name)

    @web.get("/offline")
    async def offline() -> Response:
        return HTMLResponse(_offline_page(), headers={"Content-Security-Policy": _OFFLINE_POLICY})


@lru_cache
def _icon(name: str) -> bytes:
    """The great face: on paper that fills the square where a system cuts its own shape."""
    inset = _INSET.get(name)
    ground = document.LIGHT if inset else None
    return painting.face(Mood.GREAT, _SIDES[name], inset=inset or 0.0, ground=ground)


def _offline_page() -> str:
    """It is kept in the browser, so that it brings all that it needs to be seen."""
    style = (assets.FOLDER / "offline.css").read_text(encoding="utf-8")
    return (
        f"<!doctype html><html{document.attributes()}><head><title>Moodtracker</title>"
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style>{style}</style><script defer src="{address("/offline.js")}"></script></head><body>'
        "<main>"
        f"{faces.standalone(Mood.OKAY)}<h1>{_('You are not connected')}</h1>"
        f"<p>{_('What you picked is kept here, and sent once the connection is back.')}</p>"
        f'<p><a href="">{_("Try again")}</a></p></main></body></html>'
    )
