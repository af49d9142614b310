"""All open sockets: how many somebody may hold, and that they end with their page."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from nicegui import Client, background_tasks
from nicegui import app as nicegui_app

from moodtracker.accounts.sessions import SignedIn
from moodtracker.accounts.throttling import network
from pages.guard.page_socket import PageSocket
from pages.guard.places import Groups, Places
from pages.guard.rate import Rate

_A_PAGE_S = 4  # a lost one may still look alive while the page has its next
_A_SESSION_S = 24
_STRANGERS_AT_AN_ADDRESS = 100
_AN_ADDRESS_S = 2000  # of people who are signed in, as from a whole company
# One session's, over all its pages: a page says something every few seconds, and more at each tap.
_AT_ONCE, _PER_SECOND = 240, 40


class Sockets:
    """Which sockets are open, and for whom."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places: Places[object] = Places()
        self._rates: WeakValueDictionary[str, Rate] = WeakValueDictionary()
        self._of_page: defaultdict[str, set[PageSocket]] = defaultdict(set)
        nicegui_app.on_delete(self._end_all)

    @contextmanager
    def place(
        self, client: Client | None, who: SignedIn | None, address: str
    ) -> Iterator[Rate | None]:
        """A place for one more socket, and how fast it may speak; None where there is none."""
        holder = f"session {who.token_hash}" if who else f"stranger {network(address)}"
        groups: Groups = {
            holder: _A_SESSION_S if who else _STRANGERS_AT_AN_ADDRESS,
            f"address {network(address)}": _AN_ADDRESS_S,
        }
        if client is not None:
            groups = {**groups, f"page {client.id}": _A_PAGE_S}
        if not self._places.has_room(groups):
            yield None
            return
        held = object()
        rate = self._rates.setdefault(holder, Rate(_AT_ONCE, _PER_SECOND))
        self._places.take(held, groups)
        try:
            yield rate
        finally:
            self._places.leave(held)

    @contextmanager
    def open(self, client: Client | None, socket: PageSocket) -> Iterator[None]:
        """While this lasts, the socket ends when its page does."""
        if client is None:
            yield
            return
        self._of_page[client.id].add(socket)
        try:
            yield
        finally:
            self._of_page[client.id].discard(socket)
            if not self._of_page[client.id]:
                del self._of_page[client.id]

    def _end_all(self, client: Client) -> None:
        for socket in self._of_page.get(client.id, ()):
            background_tasks.create(socket.end(), name="end the socket of a page that is gone")
