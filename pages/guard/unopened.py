"""Pages that were asked for, and whose socket has not come yet: few for each, and not for long.

NiceGUI builds a page in memory before it knows whether a browser will ever show it, and keeps it
for a minute. A page of somebody who is not signed in opens no socket: it is forgotten as soon as it
is answered with, so that crawlers and floods fill nothing.
"""

from collections.abc import Iterable

from nicegui import Client
from nicegui import app as nicegui_app
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moodtracker.accounts.sessions import SignedIn
from pages import memory
from pages.guard.places import Places

# The oldest goes where there are more. A browser whose page has gone asks for it anew by itself.
_A_PERSON_S = 24
_ALL_PEOPLE_S = 1000
# A slow network needs some time for the framework, once; then the browser has it.
_PATIENCE_SECONDS = 30.0
_LOOK_EVERY_SECONDS = 5.0
# NiceGUI keeps an empty note of each tab for 30 days; nothing here is kept in it.
_TAB_SECONDS = 600.0


class Unopened:
    """Keeps count of them, and forgets those that are too many or too old."""

    def __init__(self) -> None:
        """Begin to look after NiceGUI's pages."""
        self._places: Places[str] = Places()
        nicegui_app.on_connect(self._is_opened)
        nicegui_app.on_delete(self._is_gone)
        nicegui_app.storage.max_tab_storage_age = _TAB_SECONDS
        nicegui_app.timer(_LOOK_EVERY_SECONDS, _forget_old)

    async def watched(
        self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send, *, is_seen: bool
    ) -> None:
        """Have ``inner`` answer, hold the page that it answers a person with, and forget any other.

        A request may have had a page built that is not its answer: where it redirects, where an
        error takes the page's place, and where nobody sees more than the head (``is_seen``).
        """
        who: SignedIn | None = scope["state"]["signed_in"]
        latest = next(reversed(Client.instances), None)

        async def sending(message: Message) -> None:
            # NiceGUI notes here that it built a page.
            if message["type"] == "http.response.start" and "nicegui_page_path" in scope:
                made = _made_for(scope, latest)
                is_page = Headers(raw=message["headers"]).get("x-nicegui-content")
                if made and is_seen and is_page and who:
                    self._hold(made.pop(0), who)
                _forget(made)
            await send(message)

        try:
            await inner(scope, receive, sending)
        except Exception:
            _forget(_made_for(scope, latest))
            raise

    def _hold(self, client: Client, who: SignedIn) -> None:
        memory.forget_html(client)
        memory.let_rest(client)
        groups = {f"person {who.person.id}": _A_PERSON_S, "people": _ALL_PEOPLE_S}
        gone = self._places.take(client.id, groups)
        _forget(Client.instances[old] for old in gone if old in Client.instances)

    def _is_opened(self, client: Client) -> None:
        if client.id in self._places:  # else it is a page that lost its socket for a while
            self._places.leave(client.id)
            memory.wake(client)

    def _is_gone(self, client: Client) -> None:
        self._places.leave(client.id)


def _made_for(scope: Scope, latest: str | None) -> list[Client]:
    """The pages that a request had built since ``latest`` was the newest, the newest first."""
    made = []
    for client_id, client in reversed(Client.instances.items()):
        if client_id == latest:
            break
        if client.request.scope.get("state") is scope["state"]:
            made.append(client)
    return made


def _forget(clients: Iterable[Client]) -> None:
    for client in clients:
        if client.id in Client.instances:
            client.delete()


def _forget_old() -> None:
    Client.prune_instances(client_age_threshold=_PATIENCE_SECONDS)
