"""People who act from several tabs, in a thread of its own, until the drill is over."""

import asyncio
import threading
from collections.abc import Mapping

from moodtracker.database import Database
from support.ordeal import Ordeal, Report
from support.tabs import Person

_CONVERGES_WITHIN = 5.0


class Crowd:
    """An :class:`Ordeal` whose faults are made by somebody else meanwhile."""

    def __init__(
        self,
        database: Database,
        ways: Mapping[str, str],
        people: list[Person],
        acts_a_second: float,
    ) -> None:
        """Everybody has a board, empty today; ``people`` live by their calendars."""
        every = 3 * len(people) / acts_a_second
        self._ordeal = Ordeal(
            database, ways, people, every=every, converges_within=_CONVERGES_WITHIN
        )
        self._begun = threading.Event()
        self._over = threading.Event()
        self._report: Report | None = None
        self._trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._act, daemon=True)

    def start(self) -> None:
        """Begin, and wait until all of them act."""
        self._thread.start()
        while not self._begun.wait(0.2):
            if not self._thread.is_alive():
                raise RuntimeError("nobody acts") from self._trouble

    def acts_since(self, begun: float) -> list[float]:
        """How many seconds each act took, or takes, of those begun since."""
        return self._ordeal.acts_since(begun)

    def acts(self) -> int:
        """How many there were so far."""
        return self._ordeal.acts

    def count(self, fault: str) -> None:
        """Note that something was made to fail."""
        self._ordeal.report.harms[fault] += 1

    def stop(self) -> None:
        """Let nobody act any more; without it this process would not end."""
        self._over.set()

    def end(self) -> Report:
        """Let nobody act any more, and check all that was done."""
        self.stop()
        self._thread.join()
        if self._report is None:
            raise RuntimeError("the crowd gave up") from self._trouble
        return self._report

    def _act(self) -> None:
        try:
            self._report = asyncio.run(self._ordeal.run(0, [self._until_it_is_over]))
        except BaseException as error:
            self._trouble = error

    async def _until_it_is_over(self) -> None:
        self._begun.set()
        await asyncio.to_thread(self._over.wait)
