"""All open sockets: how many somebody may hold, and that they end with their page."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nicegui import Client, background_tasks
from nicegui import app as nicegui_app

from moodtracker.accounts.sessions import SignedIn
from moodtracker.accounts.throttling import network
from pages.guard.page_socket import PageSocket
from pages.guard.places import Groups, Places
from pages.guard.rate import Budget

_A_PAGE_S = 4  # a lost one may still look alive while the page has its next
_A_SESSION_S = 24
_STRANGERS_AT_AN_ADDRESS = 100
_ALL_STRANGERS = 500
_AN_ADDRESS_S = 2000  # of people who are signed in, as from a whole company
_STRANGERS, _STRANGER = "strangers", "stranger "
_MANY_BUDGETS = 1000  # where there are more, those are forgotten that say nothing


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A place that is held: by a page's socket, or by one whose page is gone."""

    client: Client | None


class Sockets:
    """Which sockets are open, and for whom."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places: Places[_Held] = Places()
        self._budgets: dict[str, Budget] = {}
        self._many = _MANY_BUDGETS
        self._of_page: defaultdict[str, set[PageSocket]] = defaultdict(set)
        nicegui_app.on_delete(self._end_all)

    @contextmanager
    def place(
        self, client: Client | None, who: SignedIn | None, address: str
    ) -> Iterator[Budget | None]:
        """A place for one more socket, and how much it may say; None where there is none.

        Where strangers hold all that there are for them, one of the address with the most has to
        go for whoever comes from one with fewer.
        """
        where = f"address {network(address)}"
        holder = f"session {who.token_hash}" if who else _STRANGER + network(address)
        groups: Groups = {where: _AN_ADDRESS_S}
        if who:
            groups = {**groups, holder: _A_SESSION_S}
        else:
            groups = {**groups, holder: _STRANGERS_AT_AN_ADDRESS, _STRANGERS: _ALL_STRANGERS}
        if client is not None:
            groups = {**groups, f"page {client.id}": _A_PAGE_S}
        if who is None:
            self._make_room(holder)
        if not self._places.has_room(groups):
            yield None
            return
        held = _Held(client)
        self._places.take(held, groups)
        try:
            yield self._budget(holder, is_stranger=who is None)
        finally:
            self._places.leave(held)

    def _make_room(self, holder: str) -> None:
        if self._places.held_by(_STRANGERS) < _ALL_STRANGERS:
            return
        holders = (name for name in self._places if name.startswith(_STRANGER))
        largest = max(holders, key=self._places.held_by)
        if self._places.held_by(largest) <= self._places.held_by(holder) + 1:
            return
        oldest = self._places.oldest(largest)
        self._places.leave(oldest)
        if oldest.client is not None and not oldest.client.is_deleted:
            oldest.client.delete()

    def _budget(self, holder: str, *, is_stranger: bool) -> Budget:
        """It outlives the socket: who comes again at once has no more than before."""
        if holder not in self._budgets:
            if len(self._budgets) >= self._many:
                self._forget_rested()
            self._budgets[holder] = Budget(is_stranger=is_stranger)
        return self._budgets[holder]

    def _forget_rested(self) -> None:
        self._budgets = {
            holder: budget
            for holder, budget in self._budgets.items()
            if self._places.held_by(holder) or not budget.is_rested
        }
        self._many = max(_MANY_BUDGETS, 2 * len(self._budgets))

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
