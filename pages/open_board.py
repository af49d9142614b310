"""A board that is open in a browser: what it shows, what its taps do, when it changes."""

import asyncio
import json
import logging
from datetime import datetime

from nicegui import Client
from nicegui.events import GenericEventArguments
from pydantic import TypeAdapter, ValidationError

from moodtracker import days
from moodtracker.accounts.sessions import SessionEnded, SignedIn
from moodtracker.app import App
from moodtracker.board import Board
from moodtracker.closed_years import ClosedYear
from moodtracker.diary import DayFull, DayLocked, EntryGone
from moodtracker.drawing import html
from pages import closed_year, session_watch, words
from pages.tap import Tap

log = logging.getLogger(__name__)

_TAPS: TypeAdapter[Tap] = TypeAdapter(Tap)
_ANSWERS = (DayFull, DayLocked, EntryGone)


def read(app: App, who: SignedIn) -> tuple[Board, ClosedYear | None]:
    """All that a board page shows; raises :class:`SessionEnded`."""
    return app.diary.read(who), app.closed_years.of(who.person)


class OpenBoard:
    """One page of one signed-in browser.

    It shows what the database holds and nothing else: after each change, made here or elsewhere,
    the board is read again, and the elements that differ are sent (D5, D6).
    """

    def __init__(
        self, app: App, who: SignedIn, client: Client, board: Board, closed: ClosedYear | None
    ) -> None:
        """Begin to follow the person's changes; the first HTML shows ``board`` and ``closed``."""
        self._app = app
        self._who = who
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._stale = False
        self._done: list[str] = []
        self._message: str | None = None
        self._note(board, self._fragments(board, closed))
        self._unfollow = app.live.follow(who.person.id, self.touch)

    def is_past(self, now: datetime) -> bool:
        """Whether the day that the page shows is over."""
        return now >= self._day_ends_at

    def touch(self) -> None:
        """Have the page refreshed soon; callable from any thread."""
        self._loop.call_soon_threadsafe(self._refresh_soon)

    def greet(self) -> None:
        """The socket stands (again): let the page hand over its taps, and show what it missed."""
        self._client.run_javascript("moodtracker.connected()")
        self._refresh_soon()

    def leave(self) -> None:
        """The page is gone."""
        self._unfollow()

    async def take(self, event: GenericEventArguments) -> None:
        """Carry out a tap, in the order in which they came, and answer it."""
        try:
            tap = _TAPS.validate_python(event.args)
        except (ValidationError, RecursionError):
            self._answer(None, words.UNKNOWN)
            return
        async with self._turn:
            try:
                await asyncio.to_thread(tap.carry_out, self._app.diary, self._who)
            except SessionEnded:
                session_watch.send_away(self._app, self._client)
            except _ANSWERS as answer:
                self._answer(tap.tap, words.for_person(answer))
            except Exception as error:
                # The tap stays with the page, which sends it again when it connects anew.
                log.error("a tap could not be saved (%s)", type(error).__name__)  # noqa: TRY400
                self._answer(None, words.for_person(error))
            else:
                self._answer(tap.tap, None)

    def _answer(self, tap: str | None, message: str | None) -> None:
        if tap is not None:
            self._done.append(tap)
        self._message = message or self._message
        self._refresh_soon()

    def _refresh_soon(self) -> None:
        self._stale = True
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = self._loop.create_task(self._refresh())

    async def _refresh(self) -> None:
        while self._stale and not self._client.is_deleted:
            self._stale = False
            done, self._done = self._done, []
            message, self._message = self._message, None
            try:
                board, closed = await asyncio.to_thread(read, self._app, self._who)
            except SessionEnded:
                session_watch.send_away(self._app, self._client)
                return
            except Exception as error:
                log.error("a board could not be read (%s)", type(error).__name__)  # noqa: TRY400
                self._show({}, [], words.for_person(error))
                return
            fragments = self._turn_to(board, closed)
            if fragments or done or message:
                self._show(fragments, done, message)

    def _fragments(self, board: Board, closed: ClosedYear | None) -> html.Fragments:
        return (
            html.today_fragments(board)
            | html.year_fragments(board)
            | {"closed-year": closed_year.card(closed, self._who.person)}
        )

    def _turn_to(self, board: Board, closed: ClosedYear | None) -> html.Fragments:
        """Note what the page is to show; returns the elements that it has to replace for that.

        Those are whole cards on a new day, else what changed in them.
        """
        fragments = self._fragments(board, closed)
        if (board.today, board.zone) == (self._day, self._zone):
            replaced = dict(html.changes(self._shown, fragments))
        else:
            replaced = {
                "today-card": html.today_card(board, self._who.person.id),
                "closed-year": fragments["closed-year"],
                "year-card": html.year_card(board),
            }
        self._note(board, fragments)
        return replaced

    def _note(self, board: Board, fragments: html.Fragments) -> None:
        self._day = board.open_day
        self._zone = board.zone
        self._shown = fragments
        self._day_ends_at = days.ends_at(board.open_day, board.zone, self._who.person.day_end_hour)

    def _show(self, fragments: html.Fragments, done: list[str], message: str | None) -> None:
        if self._client.is_deleted:
            return
        content = json.dumps({"fragments": fragments, "done": done, "message": message})
        self._client.run_javascript(f"moodtracker.show({content})")
