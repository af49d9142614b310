"""For load balancers and containers: does the process live, can it serve."""

import asyncio

from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from moodtracker.app import App
from pages.draining import is_draining


def mount(web: FastAPI, app: App) -> None:
    """Answer /healthz and /readyz."""

    @web.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @web.get("/readyz")
    async def readyz() -> PlainTextResponse:
        if is_draining(web):
            return PlainTextResponse("about to stop", status_code=503)
        if await asyncio.to_thread(app.database.is_ready):
            return PlainTextResponse("ok")
        return PlainTextResponse("the database does not answer", status_code=503)
