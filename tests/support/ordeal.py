"""People act from several tabs while parts of the app fail; then all that happened is checked."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

import httpx
from sqlalchemy.exc import SQLAlchemyError

from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.models import UserRow
from support import state_log
from support.histories import Fault, History, Midnight, Operation, faults
from support.tabs import Calendar, Person, Tab
from support.zone_data import write_zone

SEED = int(os.environ.get("MOODTRACKER_SEED", "16"))
TABS = 3
STALE = "a page shows what is not so"
UNANSWERED = "not answered"
_MIDNIGHT_ZONE = "Etc/Midnight"
_MIDNIGHT_SECONDS = 0.1  # by which the database's clock and the one here may differ
_ANSWER_SECONDS = 90.0  # that are waited in the end; a page itself would wait for ever
_LOOK_SECONDS = 0.1

Harm = Callable[[], Awaitable[object]]  # something fails, and is mended again


@dataclass
class Report:
    """What came of it."""

    seed: int
    acts: int = 0
    again: int = 0  # acts that were sent more than once
    refused: int = 0
    unanswered: int = 0
    harms: Counter[str] = field(default_factory=Counter)
    converged: list[float] = field(default_factory=list)  # seconds, after each fault that was last
    slowest: float = 0.0
    seconds: float = 0.0
    checked_in: float = 0.0
    people: int = 0
    wrong_people: int = 0
    faults: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, who: int, found: list[Fault]) -> None:
        """Note what is wrong with a person's history."""
        self.faults += [f"person {who}: {fault}" for fault in found]
        self.kinds.update(fault.kind for fault in found)

    def __str__(self) -> str:
        """All in a few lines, the faults after them."""
        harms = ", ".join(f"{count} x {name}" for name, count in self.harms.items()) or "none"
        kinds = ", ".join(f"{count} x {name}" for name, count in self.kinds.items()) or "none"
        converged = max(self.converged, default=0.0)
        lines = [
            f"seed {self.seed}: {self.acts} acts of {self.people} people in {self.seconds:.0f} s, "
            f"{self.again} sent again, {self.refused} refused, {self.unanswered} never answered; "
            f"slowest answer {self.slowest:.1f} s",
            f"  faults made: {harms}",
            f"  every page as the database after {converged:.1f} s at the most; "
            f"checked in {self.checked_in:.1f} s",
            f"  wrong: {kinds}; {self.wrong_people} of {self.people} histories",
            *(f"    {fault}" for fault in self.faults),
        ]
        return "\n".join(lines)


def midnight_in(seconds: float, folder: Path) -> Calendar:
    """Where a day ends in so many seconds: in a zone that is written to ``folder``.

    It is read there by whoever is started with ``folder`` in PYTHONTZPATH.
    """
    midnight = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)
    at = time.monotonic() + (midnight - datetime.now(UTC)).total_seconds()
    into_the_day = midnight - midnight.replace(hour=0, minute=0, second=0)
    ahead = timedelta(days=midnight.hour >= 12) - into_the_day
    write_zone(folder, _MIDNIGHT_ZONE, ahead / timedelta(hours=1))
    day = (midnight + ahead).date()
    began = Midnight(str(day), at - _MIDNIGHT_SECONDS, at + _MIDNIGHT_SECONDS)
    return Calendar(_MIDNIGHT_ZONE, str(day - timedelta(days=1)), (began,))


def sign_in(database: Database, calendars: Sequence[Calendar]) -> list[Person]:
    """A person for each calendar, by which they live."""
    made = []
    for number, calendar in enumerate(calendars):
        with database.write() as session:
            row = UserRow(
                username=f"tapper{number}",
                first_name="Ada",
                zone=calendar.zone,
                created_at=datetime.now(UTC),
            )
            session.add(row)
            session.flush()
            assert row.id
            user_id = row.id
        cookie = sessions.open_session(database, user_id)
        made.append(Person(user_id, cookie, calendar))
    return made


class Ordeal:
    """Some people, their tabs, and what they go through."""

    def __init__(
        self,
        database: Database,
        ways: Mapping[str, str],
        people: list[Person],
        *,
        every: float,
        converges_within: float,
        seed: int = SEED,
    ) -> None:
        """Reach the app by ``ways``, names and addresses; each tab acts once ``every`` seconds."""
        self.report = Report(seed, people=len(people))
        self.chance = Random(seed)
        self._database = database
        self._ways = ways
        self._people = people
        self._every = every
        self._converges_within = converges_within
        self._tabs_made = 0
        self._http: httpx.AsyncClient | None = None

    async def run(
        self,
        acts: int,
        harms: Sequence[Harm] = (),
        last: Sequence[Callable[["Ordeal"], Awaitable[object]]] = (),
    ) -> Report:
        """Let so many acts be made while ``harms`` are done in turn, then each of ``last``."""
        begun = time.monotonic()
        await asyncio.to_thread(state_log.begin, self._database)
        async with httpx.AsyncClient(
            limits=httpx.Limits(max_keepalive_connections=0)
        ) as self._http:
            try:
                for person in self._people:
                    self._bring_tabs(person)
                await self._await_connections()
                self._rest(rests=False)
                await self._harm(acts, harms)
                await self.settle()
                for each in last:
                    await each(self)
            finally:
                await asyncio.gather(*(tab.leave() for tab in self._tabs))
        self.report.seconds = time.monotonic() - begun
        await asyncio.to_thread(self._check)
        return self.report

    @property
    def acts(self) -> int:
        """How many there were so far."""
        return sum(len(person.operations) for person in self._people)

    def acts_since(self, begun: float) -> list[float]:
        """How many seconds each act took, or takes, of those begun since, by tabs in reach."""
        now = time.monotonic()
        return [
            min(each.ended, now) - each.begun
            for person in self._people
            for each in list(person.operations.values())
            if each.sent and each.begun >= begun and not each.out_of_reach
        ]

    async def settle(self) -> None:
        """Wait until all is answered, and every page is connected and shows what the rows hold."""
        self._rest()
        if not await self._until(lambda: not any(tab.shelf for tab in self._tabs)):
            for tab in self._tabs:
                lines = [str(tab.person.operations[name]) for name in tab.shelf]
                self.report.add(tab.person.id, [Fault(UNANSWERED, each) for each in lines])
        await self._await_connections()
        await self._converge(time.monotonic())

    async def act_and_leave(self, at: str, then: Harm) -> None:
        """Of each person one tab at an instance acts and never comes back; ``then`` is done amid.

        All others only look on, and have to show what became of it.
        """
        for person in self._people:
            self._bring_tabs(person)
        await self._await_connections()
        leaving = [
            next(tab for tab in person.tabs if tab.at == at)
            for person in self._people
            if any(tab.at == at for tab in person.tabs)
        ]
        for tab in leaving:
            tab.person.tabs.remove(tab)
            tab.shelf = {}
        await asyncio.gather(*(tab.act() for tab in leaving))
        # Once some are answered, others are under way.
        some = self.chance.randint(1, max(1, len(leaving) // 2))
        await self._until(lambda: sum(not tab.shelf for tab in leaving) >= some, 0.001)
        harming = asyncio.ensure_future(then())
        await asyncio.gather(*(tab.leave() for tab in leaving))
        await harming
        await self._await_connections()
        await self._converge(time.monotonic())
        self.report.harms["killed with whoever acted there"] += 1

    def _rest(self, *, rests: bool = True) -> None:
        """Let nobody act, or everybody again."""
        for tab in self._tabs:
            tab.acts = not rests

    @property
    def _tabs(self) -> list[Tab]:
        return [tab for person in self._people for tab in person.tabs]

    def _bring_tabs(self, person: Person) -> None:
        """Have ``TABS`` tabs for a person, the first two of them windows of one browser."""
        assert self._http
        while len(person.tabs) < TABS:
            self._tabs_made += 1
            chance = Random(f"{self.report.seed} {self._tabs_made}")
            shelf = person.tabs[0].shelf if len(person.tabs) == 1 else {}
            tab = Tab(person, self._ways, shelf, chance)
            person.tabs.append(tab)
            tab.start(self._http, self._every)

    async def _harm(self, acts: int, harms: Sequence[Harm]) -> None:
        for turn in count():
            if self.acts >= acts and turn >= len(harms):
                return
            if harms:
                harm = harms[turn % len(harms)]
                await harm()
                name = getattr(harm, "__name__", "_")
                if not name.startswith("_"):  # such a one counts by itself what it makes
                    self.report.harms[name.replace("_", " ")] += 1
            await asyncio.sleep(self.chance.uniform(0.5, 2))

    async def _await_connections(self) -> None:
        """Wait until all who are not acting are back from wherever they were."""
        if not await self._until(lambda: all(tab.connected for tab in self._tabs)):
            raise TimeoutError("not every page is connected")

    async def _until(self, holds: Callable[[], bool], look_every: float = 0.025) -> bool:
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(look_every)
        return True

    async def _converge(self, since: float) -> None:
        """Wait until every page shows what the rows hold."""
        while stale := await asyncio.to_thread(self._stale):
            if time.monotonic() - since > self._converges_within:
                for person, fault in stale:
                    self.report.add(person, [fault])
                return
            await asyncio.sleep(_LOOK_SECONDS)
        self.report.converged.append(time.monotonic() - since)

    def _stale(self) -> list[tuple[int, Fault]]:
        """The pages that do not show what the rows hold."""
        try:
            rows = state_log.kept(self._database)
        except SQLAlchemyError as error:
            return [(0, Fault(STALE, f"the database does not answer: {type(error).__name__}"))]
        found = []
        for tab in self._tabs:
            held = {
                slot: entry
                for (day, slot), entry in rows.get(tab.person.id, {}).items()
                if day == tab.day
            }
            today = tab.person.calendar.days_at(time.monotonic())
            if tab.shown != held or (today and tab.day not in today):
                what = f"a page of {tab.at or 'no instance'}: {tab.shown}, in the rows: {held}"
                found.append((tab.person.id, Fault(STALE, what)))
        return found

    def _check(self) -> None:
        begun = time.monotonic()
        states = state_log.states(self._database)
        rows = state_log.kept(self._database)
        report = self.report
        for person in self._people:
            assert states[person.id][-1].diary == rows.get(person.id, {}), "the log has a gap"
            operations = list(person.operations.values())
            self._count(operations)
            calendar = person.calendar
            days = sorted(each.act.day for each in operations)
            first_day = calendar.first_day or (days[0] if days else "")
            nights = list(calendar.midnights)
            found = faults(History(first_day, operations, states[person.id], nights))
            report.add(person.id, found)
            report.wrong_people += bool(found)
        report.checked_in = time.monotonic() - begun

    def _count(self, operations: list[Operation]) -> None:
        report = self.report
        report.acts += len(operations)
        report.again += sum(each.times_sent > 1 for each in operations)
        report.refused += sum(each.done is False for each in operations)
        report.unanswered += sum(not each.answers for each in operations)
        waited = [
            each.ended - each.begun for each in operations if each.answers and not each.out_of_reach
        ]
        report.slowest = max([report.slowest, *waited])
