"""All open sockets: how many somebody may hold, and that they end with their page."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from nicegui import Client, background_tasks
from nicegui import app as nicegui_app

from moodtracker.accounts.sessions import SignedIn
from moodtracker.accounts.throttling import network
from pages.guard.page_socket import PageSocket
from pages.guard.places import Groups, Places
from pages.guard.rate import Budget, OfEach

_A_PAGE_S = 4  # a lost one may still look alive while the page has its next
_A_SESSION_S = 24
# No page of theirs has one: it is told so, and ended (:func:`pages.guard.page_socket.tell_gone`).
_STRANGERS_AT_AN_ADDRESS = 100
_ALL_STRANGERS = 500
_AN_ADDRESS_S = 2000  # of people who are signed in, as from a whole company


class Sockets:
    """Which sockets are open, and for whom."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places: Places[object] = Places()
        # They outlive the socket: who comes again at once has no more than before.
        self._budgets: OfEach[Budget] = OfEach(is_in_use=self._places.held_by)
        self._of_page: defaultdict[str, set[PageSocket]] = defaultdict(set)
        nicegui_app.on_delete(self._end_all)

    @contextmanager
    def place(
        self, client: Client | None, who: SignedIn | None, address: str
    ) -> Iterator[Budget | None]:
        """A place for one more socket, and how much it may say; None where there is none."""
        where = f"address {network(address)}"
        holder = f"session {who.token_hash}" if who else f"stranger {network(address)}"
        groups: Groups = {where: _AN_ADDRESS_S}
        if who:
            groups = {**groups, holder: _A_SESSION_S}
        else:
            groups = {**groups, holder: _STRANGERS_AT_AN_ADDRESS, "strangers": _ALL_STRANGERS}
        if client is not None:
            groups = {**groups, f"page {client.id}": _A_PAGE_S}
        if not self._places.has_room(groups):
            yield None
            return
        held = object()
        self._places.take(held, groups)
        try:
            yield self._budgets.of(holder, partial(Budget, is_stranger=who is None))
        finally:
            self._places.leave(held)

    @contextmanager
    def open(self, client: Client, socket: PageSocket) -> Iterator[None]:
        """While this lasts, the socket ends when its page does."""
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
