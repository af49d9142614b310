"""A board that is open in a browser: what it shows, what its taps do, when it changes."""

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from threading import Lock
from typing import NamedTuple

from nicegui import Client
from nicegui.events import GenericEventArguments
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from moodtracker import language
from moodtracker.accounts.people import Person
from moodtracker.accounts.sessions import SessionEnded, SignedIn, still_signed_in
from moodtracker.app import App
from moodtracker.board import Board
from moodtracker.closed_years import ClosedYear
from moodtracker.database_trouble import told
from moodtracker.diary import DayFull, DayLocked, EntryGone, before_today, on_today
from moodtracker.drawing import html, numbers, today
from moodtracker.drawing.values import Values, changes
from moodtracker.ledger import TooManyActs
from moodtracker.moods import Mood
from moodtracker.notes import NoteTooLong
from moodtracker.tally import Pick, Tally
from moodtracker.troubles import Trouble, lasting
from pages import closed_year, day_words, notes_question, notices, session_watch, words
from pages.guard import asks_for_its_session
from pages.refreshing import AT_ONCE, Refreshing
from pages.tap import Look, Tap
from pages.threads import Threads

log = logging.getLogger(__name__)

_TAPS: TypeAdapter[Tap] = TypeAdapter(Tap)
_TAPPING = Threads("taps", 4)
_REFRESHING = Threads("refreshes", AT_ONCE)
_ANSWERS = (DayFull, DayLocked, EntryGone, NoteTooLong, TooManyActs)


class Shown(NamedTuple):
    """All that a board page shows: ``locked`` are the moods that ``board`` only counts.

    They are None where today alone was read.
    """

    person: Person
    board: Board
    closed: ClosedYear | None
    has_mail: bool  # whether there is a mail server
    troubles: tuple[Trouble, ...]  # for administrators
    locked: Sequence[Pick] | None = None


class Day(NamedTuple):
    """The day that a page shows, and what all others come to: one value, as threads read it."""

    today: date
    before: Tally
    ends_at: datetime


def read(app: App, session: Session, person: Person) -> Shown:
    """The whole year."""
    today = person.today
    locked = before_today(session, person, today)
    shown = read_today(app, session, person, today, Tally.of(locked))
    return shown._replace(locked=locked)


def read_today(app: App, session: Session, person: Person, today: date, before: Tally) -> Shown:
    """What can change while it is ``today``; ``before`` is what the other days come to."""
    board = on_today(session, person, today, before)
    closed = app.closed_years.in_session(session, person)
    troubles = lasting(session) if person.administrator else ()
    return Shown(person, board, closed, app.outbox is not None, troubles)


def cards(shown: Shown, offer: Mood | None = None, said: str = "") -> dict[str, str]:
    """The cards of the page, by id; ``offer`` is a mood to be confirmed, ``said`` what to say."""
    person, board, closed, has_mail, troubles, locked = shown
    return {
        "today-card": today.card(
            board,
            person.id,
            labels=person.slot_labels,
            keys=person.number_keys,
            offer=offer,
            said=said,
        ),
        "notices": notices.card(person, troubles),
        "notes-question": notes_question.card(person, board, has_mail=has_mail),
        "closed-year": closed_year.card(closed, person),
        "year-card": html.year_card(
            board, locked or (), day_words.address(language.spoken(), board.year)
        ),
        "numbers-card": numbers.card(board),
    }


class OpenBoard:
    """One page of one signed-in browser.

    It shows what the database holds and nothing else: after each change, made here or elsewhere,
    today is read again, and the elements that differ are sent (D5, D6). All other days are locked
    (D3), so that their count is enough until the next day begins.
    """

    def __init__(
        self, app: App, who: SignedIn, client: Client, shown: Shown, refreshing: Refreshing
    ) -> None:
        """The first HTML is drawn of ``shown``; ``refreshing`` says when to read anew."""
        self._app = app
        self._who = who
        self._client = client
        self._language = language.spoken()
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._queue = refreshing
        self._is_refreshing = False
        self._stale = False
        self._touches = 0
        self._counting = Lock()
        self._done: list[str] = []
        self._refused: list[str] = []
        self._message: str | None = None
        self._look = _look(shown.person)
        self._looked_at: date | None = None
        self._note(shown, self._values(shown))

    def is_past(self, now: datetime) -> bool:
        """Whether the day that the page shows is over."""
        return now >= self._day.ends_at

    def touch(self) -> None:
        """Have the page refreshed soon; callable from any thread."""
        with self._counting:
            self._touches += 1
        self._loop.call_soon_threadsafe(self._refresh_unless_answering)

    def look_again(self) -> None:
        """Have the page refreshed when nobody waits: there may be more to see, or a new day."""
        self._stale = True
        if not self._is_refreshing:
            self._queue.by_and_by(self)

    def greet(self) -> None:
        """The socket stands (again): let the page hand over its taps, and show what it missed."""
        self._client.run_javascript("moodtracker.connected()")
        self.look_again()

    @asks_for_its_session  # in the transaction that writes
    async def take(self, event: GenericEventArguments) -> None:
        """Carry out a tap, in the order in which they came, and answer it."""
        with language.speaking(self._language):
            try:
                tap = _TAPS.validate_python(event.args)
            except (ValidationError, RecursionError):
                self._answer(None, words.unknown())
                return
            async with self._turn:
                try:
                    shown, touches = await _TAPPING.run(partial(self._carry_out, tap))
                except SessionEnded:
                    session_watch.send_away(self._app, self._client)
                except _ANSWERS as answer:
                    self._refused.append(tap.tap)
                    self._answer(tap.tap, words.for_person(answer))
                except Exception as error:
                    # The tap stays with the page, which sends it again when it connects anew.
                    log.error("a tap could not be saved (%s)", told(error))  # noqa: TRY400
                    self._answer(None, words.for_person(error))
                else:
                    if touches == self._touches and not self._is_refreshing:
                        self._turn_to(shown, done=[tap.tap])
                    else:  # there is more to see by now
                        self._answer(tap.tap, None)

    def _carry_out(self, tap: Tap) -> tuple[Shown, int]:
        """Do it; what there is to show then, and how many touches are to be known by then.

        It is read with the person still locked: whoever changes more does so, and touches, later.
        """
        touches = self._touches
        shown = self._app.diary.carry_out(self._who, tap.day, tap.to_act(), self._read_of)
        return shown, touches + 1

    async def look(self, event: GenericEventArguments) -> None:
        """Show one day with its notes."""
        try:
            day = Look.model_validate(event.args).day
        except (ValidationError, RecursionError):
            return
        try:
            board = await asyncio.to_thread(self._app.diary.read_day, self._who, day)
        except SessionEnded:
            session_watch.send_away(self._app, self._client)
            return
        except Exception as error:
            log.error("a day could not be read (%s)", told(error))  # noqa: TRY400
            return
        if day.year != board.year:
            return
        self._looked_at = day
        with language.speaking(self._language):
            self._show({"look": _looked_at(board, day)})

    def _answer(self, tap: str | None, message: str | None) -> None:
        if tap is not None:
            self._done.append(tap)
        self._message = message or self._message
        self._refresh_soon()

    def _refresh_unless_answering(self) -> None:
        if not self._turn.locked():  # else the tap's own answer shows what it changed
            self._refresh_soon()

    def _refresh_soon(self) -> None:
        self._stale = True
        if not self._is_refreshing:
            self._queue.soon(self)

    async def refresh(self) -> None:
        """Read what there is to show until it stays the same meanwhile, and show it."""
        self._is_refreshing = True
        try:
            await self._refresh()
        finally:
            self._is_refreshing = False

    async def _refresh(self) -> None:
        while self._stale and not self._client.is_deleted:
            self._stale = False
            done, self._done = self._done, []
            refused, self._refused = self._refused, []
            message, self._message = self._message, None
            with language.speaking(self._language):
                try:
                    shown = await _REFRESHING.run(partial(self._app.database.repeat, self._read))
                except SessionEnded:
                    session_watch.send_away(self._app, self._client)
                    return
                except Exception as error:
                    log.error("a board could not be read (%s)", told(error))  # noqa: TRY400
                    self._show({}, message=words.for_person(error))
                    return
                self._turn_to(shown, done=done, refused=refused, message=message)

    def _read(self) -> Shown:
        """What there is to show now; raises :class:`SessionEnded`."""
        with self._app.database.read() as session:
            return self._read_of(session, still_signed_in(session, self._who))

    def _read_of(self, session: Session, person: Person) -> Shown:
        day = self._day
        if person.today != day.today:
            return read(self._app, session, person)
        return read_today(self._app, session, person, day.today, day.before)

    def _values(self, shown: Shown) -> Values:
        person, board, closed, has_mail, troubles, _locked = shown
        values = (
            today.values(board, labels=person.slot_labels)
            | html.values(board)
            | numbers.values(board)
            | {
                "notices": notices.card(person, troubles),
                "notes-question": notes_question.card(person, board, has_mail=has_mail),
                "closed-year": closed_year.card(closed, person),
            }
        )
        if self._looked_at == board.today:
            values["look"] = _looked_at(board, board.open_day)
        return values

    def _turn_to(self, shown: Shown, **more: list[str] | str | None) -> None:
        """Have the page show this: whole cards on a new day, else what changed in them."""
        if _look(shown.person) != self._look:
            self._client.run_javascript("location.reload()")
            return
        values = self._values(shown)
        if shown.board.today == self._day.today:
            replaced = dict(changes(self._shown, values))
        elif shown.locked is None:  # today, as it was before the page turned to another day
            self._show({}, **more)
            self._refresh_soon()
            return
        else:
            replaced = dict(cards(shown))
        self._note(shown, values)
        self._show(replaced, **more)

    def _note(self, shown: Shown, values: Values) -> None:
        today = shown.board.open_day
        self._day = Day(today, shown.board.before, shown.person.ends_at(today))
        self._shown = values

    def _show(self, values: Values, **more: list[str] | str | None) -> None:
        """Have the page show values, with what else there is to tell it."""
        said = {name: what for name, what in ({"values": values} | more).items() if what}
        if self._client.is_deleted or not said:
            return
        content = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        self._client.run_javascript(f"moodtracker.show({content})")


def _look(person: Person) -> tuple[object, ...]:
    """What the whole page is drawn by: where it changes, all is drawn anew."""
    return (
        person.first_name,
        person.zone,
        person.day_end_hour,
        person.language,
        person.theme,
        person.faces_in_squares,
        person.number_keys,
        person.slot_labels,
    )


def _looked_at(board: Board, day: date) -> list[str]:
    return [day.isoformat(), language.full_day(day), html.day_looked_at(board, day)]
