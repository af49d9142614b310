"""An open page is cut off at once when its session ends, here or on another instance."""

import asyncio
from functools import partial

from nicegui import Client, background_tasks

from moodtracker.accounts import sessions
from moodtracker.accounts.sessions import SignedIn
from moodtracker.app import App
from pages.guard import signed_out_path
from pages.threads import Threads

# Time for a page that signs out to leave by itself: led elsewhere meanwhile, it would miss the way
# to the identity provider, and stay signed in there.
_MOMENT_SECONDS = 1.0
# Time for the page to hear that it has to leave. All the while it is refused whatever it asks.
_LEAVE_SECONDS = 1.0
# One after the other: after a gap all that are open are looked at.
_LOOKING = Threads("sessions", 1)


def watch(app: App, who: SignedIn, client: Client) -> None:
    """Send this page away as soon as the session that it was asked for with is over."""
    loop = asyncio.get_running_loop()

    async def look() -> None:
        if not await _LOOKING.run(partial(sessions.is_open, app.database, who)):
            send_away(app, client)

    def look_soon() -> None:
        loop.call_soon_threadsafe(background_tasks.create, look())

    client.on_delete(app.live.follow(who.person.id, look_soon))
    client.on_delete(app.live.follow_gaps(look_soon))


def send_away(app: App, client: Client) -> None:
    """Lead the page to where people sign in, and forget it, so that it can do nothing more."""
    if client.is_deleted:
        return

    async def leave() -> None:
        await asyncio.sleep(_MOMENT_SECONDS)
        if client.is_deleted:
            return
        client.open(signed_out_path(app.settings))
        await asyncio.sleep(_LEAVE_SECONDS)
        if not client.is_deleted:
            client.delete()

    background_tasks.create(leave(), name="forget a page whose session ended")
