"""What a person sees: one module for each page, and the parts that pages share."""

from functools import partial

from fastapi import FastAPI
from nicegui import ui

from moodtracker.app import App
from moodtracker.metrics import Requests
from pages import (
    admin,
    assets,
    board,
    day_words,
    errors,
    files,
    forgotten,
    framework,
    health,
    installing,
    joining,
    memory,
    metrics,
    obstacles,
    open_board,
    preview,
    provider,
    session_watch,
    settings,
    signing_in,
    unsubscribe,
    verifying,
    zones_file,
)
from pages.document import Document
from pages.forwarded import Forwarded
from pages.guard import Guard
from pages.request_log import RequestLog
from pages.sub_path import SubPath

# How long a page that lost its connection is kept: long enough for a lift or a tunnel's mouth.
_RECONNECT_SECONDS = 10.0


def mount(app: App) -> FastAPI:
    """The web application with every page and route, ready to be served."""
    web = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    board.mount(web, app)  # first, since routes are tried in turn
    assets.mount(web)
    framework.mount(web)
    memory.mount()
    day_words.mount(web)
    obstacles.mount(web, app.settings.base_url)
    zones_file.mount(web)
    health.mount(web, app)
    requests = Requests()
    metrics.mount(web, app, requests)
    files.mount(web, app)
    signing_in.mount(web, app)
    joining.mount(web, app)
    forgotten.mount(web, app)
    verifying.mount(web, app)
    provider.mount(web, app)
    settings.mount(web, app)
    admin.mount(web, app)
    unsubscribe.mount(web, app)
    preview.mount(web, app)
    installing.mount(web)
    errors.mount(web)
    web.add_middleware(framework.Compressed)
    web.add_middleware(Document)
    web.add_middleware(
        Guard,
        app=app,
        send_away=session_watch.send_away,
        reads={board.PATH: partial(open_board.read, app)},
    )
    web.add_middleware(RequestLog, requests=requests)
    web.add_middleware(SubPath, sub_path=app.settings.sub_path)
    web.add_middleware(Forwarded, proxies=app.settings.trusted_proxies)  # the outermost
    ui.run_with(
        web,
        title="Moodtracker",
        favicon=assets.ICON,
        dark=None,
        language=None,  # pages/document.py says it, and it is not to be changed once scripts run
        viewport="width=device-width, initial-scale=1, viewport-fit=cover",
        tailwind=False,
        reconnect_timeout=_RECONNECT_SECONDS,
        binding_refresh_interval=None,
        show_welcome_message=False,
        gzip_middleware_factory=None,  # it packs each file anew for each request
    )
    framework.slim()
    return web
