"""For load balancers and containers: does the process live, can it serve.

Neither waits for the database, nor for anything that people wait for.
"""

from fastapi import FastAPI
from nicegui import app as nicegui_app
from starlette.responses import PlainTextResponse

from moodtracker.app import App
from pages.draining import is_draining

PATHS = {"/healthz", "/readyz"}


def mount(web: FastAPI, app: App) -> None:
    """Answer /healthz and /readyz; what the latter says is looked at from the start on."""
    nicegui_app.on_startup(app.readiness.start)

    @web.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @web.get("/readyz")
    async def readyz() -> PlainTextResponse:
        if is_draining(web):
            return PlainTextResponse("about to stop", status_code=503)
        if app.readiness.is_ready():
            return PlainTextResponse("ok")
        return PlainTextResponse("the database does not answer", status_code=503)
