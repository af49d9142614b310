"""Who came back from the provider, and by which way they go on."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.responses import Response

from moodtracker.accounts import linking
from moodtracker.accounts.attempt import BACK, Attempt
from moodtracker.accounts.identity import AttemptOver, Identity, IdentityTaken
from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from pages import posting
from pages.provider import answers, away, connect, join, prove
from pages.provider.button import start
from pages.provider.newcomer import Newcomer

if TYPE_CHECKING:
    from moodtracker.accounts.provider import Provider


def mount(web: FastAPI, app: App, provider: "Provider") -> None:
    """Serve the address that the provider sends people back to."""

    @web.get(BACK)
    async def back(request: Request) -> Response:
        answer = dict(request.query_params)
        try:
            attempt = away.attempt_of(request, app, answer.get("state", ""))
        except AttemptOver as error:
            return answers.page(app, error)
        if attempt.came_back:
            # The page that asked who they are was loaded anew, as phones do. A code works once, and
            # trying it twice makes the provider suspicious: ask it for another one.
            onward = posting.to(start(attempt.next, attempt.invitation))
            return away.end(onward, app, attempt)
        try:
            identity = await provider.identify(attempt, answer)
            if attempt.purpose == "link":
                done = await _link(request, attempt, identity)
            elif attempt.purpose == "confirm":
                done = await _confirm(request, attempt, identity)
            else:
                person = await asyncio.to_thread(linking.owner, app.database, identity)
                if person is None:
                    page = await _meet(request, Newcomer(attempt, identity))
                    return away.keep(page, app, replace(attempt, came_back=True))
                done = await away.arrive(request, app, person.id, attempt, identity)
        except answers.Trouble as error:
            done = answers.page(app, error, attempt)
        return away.end(done, app, attempt)

    async def _meet(request: Request, newcomer: Newcomer) -> Response:
        found = await asyncio.to_thread(linking.match, app.database, newcomer.identity)
        if found and found.has_password:
            return connect.page(request, app, newcomer, found)
        if found and found.is_certain:
            return answers.connected_elsewhere(app, newcomer.identity)
        return await join.page(request, app, newcomer)

    async def _link(request: Request, attempt: Attempt, identity: Identity) -> Response:
        who = _still(request, attempt)
        await asyncio.to_thread(linking.link, app.database, who, identity, request.state.address)
        return posting.to(attempt.next)

    async def _confirm(request: Request, attempt: Attempt, identity: Identity) -> Response:
        who = _still(request, attempt)
        person = await asyncio.to_thread(linking.owner, app.database, identity)
        if person is None or person.id != who.person.id:
            raise IdentityTaken
        return prove.keep(posting.to(attempt.next), app, who, attempt, identity)


def _still(request: Request, attempt: Attempt) -> SignedIn:
    """Who set out, if they are signed in as before; raises :class:`AttemptOver`."""
    who: SignedIn | None = request.state.signed_in
    if who is None or who.person.id != attempt.user_id:
        raise AttemptOver
    return who
