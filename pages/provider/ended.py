"""The provider tells that somebody is signed out there: so they are here (Back-Channel Logout)."""

import asyncio
import logging
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.responses import Response

from moodtracker.accounts import linking
from moodtracker.accounts.attempt import ENDED
from moodtracker.accounts.identity import NotBelieved, ProviderDown
from moodtracker.app import App
from pages import posting

if TYPE_CHECKING:
    from moodtracker.accounts.provider import Provider

log = logging.getLogger(__name__)


def mount(web: FastAPI, app: App, provider: "Provider") -> None:
    """Serve the address that the provider calls by itself, without a browser."""

    @web.post(ENDED)
    async def ended(request: Request) -> Response:
        try:
            told = await provider.ended((await posting.given(request)).get("logout_token", ""))
        except (NotBelieved, ProviderDown) as error:
            log.warning("a sign-out that the provider told is not believed (%s)", error)
            return Response(status_code=400)
        await asyncio.to_thread(linking.end_sessions, app.database, told)
        return Response()
