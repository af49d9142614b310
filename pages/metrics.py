"""/metrics for Prometheus: there only where a token is set, and for those who bring it."""

import asyncio
import hmac

from fastapi import FastAPI
from nicegui import Client
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from moodtracker import metrics
from moodtracker.app import App
from moodtracker.metrics import Requests


def mount(web: FastAPI, app: App, requests: Requests) -> None:
    """Answer /metrics, if METRICS_TOKEN is set."""
    if app.settings.metrics_token is None:
        return
    wanted = f"Bearer {app.settings.metrics_token.get_secret_value()}".encode()

    @web.get("/metrics")
    async def numbers(request: Request) -> Response:
        brought = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(brought, wanted):
            return PlainTextResponse(
                "bring the token: Authorization: Bearer ...",
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
        open_pages = sum(client.has_socket_connection for client in Client.instances.values())
        told = await asyncio.to_thread(metrics.text, app, requests, open_pages)
        return Response(told, media_type=metrics.MEDIA_TYPE)
