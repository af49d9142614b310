"""Kill each part of a cluster in turn, and tell what people noticed: `make cluster`, as root.

Needs HAProxy, keepalived, PostgreSQL and Chromium (Debian's packages). Everything runs in network
namespaces of its own and is gone in the end.
"""

import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.browser import chromium
from benchmarks.cluster import people
from benchmarks.cluster.crowd import Crowd, Tally
from benchmarks.cluster.network import NET, Network, kill, move_to
from benchmarks.cluster.parts import (
    INSTANCES,
    MACHINES,
    SHARED,
    WORKERS,
    Balancers,
    MailServer,
    PostgreSQL,
    Process,
    await_that,
)
from moodtracker.database import Database

TAPPERS = 40
TAPS_A_SECOND = 20
ENDED_YEARS = 200
_SETTLE_SECONDS = 5
_DEAD_AFTER_SECONDS = 1.0  # the operator is sure, and promotes
_AFFINITY = "moodtracker-instance"
_DRAFT = "half a though"


@dataclass
class Line:
    """What people noticed of one loss."""

    what: str
    browser: float
    tally: Tally
    lost: int
    doubled: int
    more: str

    def __str__(self) -> str:
        """As a row of a table."""
        seconds = self.tally.seconds or [0.0]
        return (
            f"| {self.what} | {self.browser:.1f} s | {max(seconds):.1f} s | {len(seconds)} "
            f"| {self.lost} | {self.doubled} | {self.more} |"
            + (f" <!-- {dict(self.tally.troubles)} -->" if self.tally.troubles else "")
        )


class Cluster:
    """The whole, running; the parts are lost one at a time and brought back."""

    def __init__(self, network: Network, folder: Path, private: Path) -> None:
        """Not started yet."""
        self.primary = PostgreSQL(network["primary"], folder)
        self.replica = PostgreSQL(network["replica"], folder)
        self.instances = {name: Process(network[name], folder, ROLE="web") for name in INSTANCES}
        self.workers = [Process(network[name], folder, ROLE="worker") for name in WORKERS]
        self.balancers = Balancers(network, folder, private)
        self.mail = MailServer()
        self.network = network

    def start(self) -> None:
        """Start all but the workers."""
        self.primary.make()
        self.replica.follow(self.primary)
        for instance in self.instances.values():
            instance.run()
        for instance in self.instances.values():
            instance.await_ready()
        self.balancers.start()
        self.mail.start()


class Drill:
    """Loses parts while people tap."""

    def __init__(
        self,
        cluster: Cluster,
        page: Page,
        crowd: Crowd,
        database: Database,
        cookies: dict[int, str],
    ) -> None:
        """``page`` is the board of the first person, in Chromium; all others are the crowd."""
        self._cluster = cluster
        self._page = page
        self._crowd = crowd
        self._database = database
        self._first = next(iter(cookies))
        self._ids = {cookie: user_id for user_id, cookie in cookies.items()}
        self._mood = 1

    def lose_instance(self) -> None:
        """Kill the one that the browser uses."""

        def kill_it() -> str:
            used = self._used()
            self._cluster.instances[used].kill()
            return f"instance {used}"

        self.lose("the instance in use, kill -9", kill_it)
        for each in self._cluster.instances.values():
            if not each.is_running:
                each.run()
                each.await_ready()

    def restart_instances(self) -> None:
        """One after the other."""

        def restart() -> str:
            begun = time.monotonic()
            for each in self._cluster.instances.values():
                each.stop()
                each.run()
                each.await_ready()
                time.sleep(1)
            return f"all three in {time.monotonic() - begun:.0f} s; the browser tapped after that"

        self.lose("rolling restart of all instances", restart, lasts=True)

    def lose_balancer(self) -> None:
        """Kill the HAProxy that has the address."""
        balancers = self._cluster.balancers

        def kill_it() -> str:
            holder = balancers.holder()
            kill(balancers.haproxy_of(holder))
            return f"the address was on {holder}"

        self.lose("the active balancer's HAProxy, kill -9", kill_it)
        for role in ("active", "passive"):
            if balancers.haproxy_of(role).poll() is not None:
                balancers.start_haproxy(role)
        time.sleep(_SETTLE_SECONDS)

    def lose_cable(self) -> None:
        """Cut off the balancer that has the address: nobody hears that it is gone."""

        def pull() -> str:
            holder = self._cluster.balancers.holder()
            self._cluster.network[holder].unplug(self._cluster.network.switch)
            return f"the address was on {holder}"

        self.lose("the active balancer's cable", pull)

    def lose_primary(self) -> None:
        """Kill every process of PostgreSQL's primary, and promote the replica."""

        def kill_it() -> str:
            self._cluster.primary.kill()
            time.sleep(_DEAD_AFTER_SECONDS)
            self._cluster.replica.promote()
            return f"promoted after {_DEAD_AFTER_SECONDS:g} s"

        self.lose("PostgreSQL's primary, kill -9", kill_it)

    def strays(self) -> int:
        """People of the crowd with other moods today than by their last tap alone."""
        return sum(
            people.kept(self._database, self._ids[cookie]) != [tap]
            for cookie, tap in self._crowd.last.items()
        )

    def lose(self, what: str, how: Callable[[], str], *, lasts: bool = False) -> None:
        """Lose a part by ``how``, tap in the browser at once, and let all settle.

        Where it ``lasts``, only the tap's own time counts, after all of it.
        """
        self._draft()
        self._crowd.tally = Tally()
        time.sleep(2)
        begun = time.monotonic()
        more = how()
        seconds = self._tap(time.monotonic() if lasts else begun)
        time.sleep(_SETTLE_SECONDS)
        kept = self._page.input_value("#note-text")
        said = [more, None if kept == _DRAFT else f"the note was lost: {kept!r}"]
        line = Line(
            what,
            seconds,
            self._crowd.tally,
            self._crowd.tally.refused,
            self._doubled(),
            "; ".join(filter(None, said)),
        )
        print(line, flush=True)

    def _used(self) -> str:
        """The instance that the browser uses."""
        cookies = self._page.context.cookies()
        return next(cookie["value"] for cookie in cookies if cookie.get("name") == _AFFINITY)

    def _draft(self) -> None:
        if not self._page.is_visible("#note-text"):
            self._page.click("[data-note]")
        self._page.fill("#note-text", _DRAFT)

    def _tap(self, begun: float) -> float:
        """Change the mood that stands there by taps; seconds since ``begun`` until it is saved."""
        self._mood = self._mood % 5 + 1
        self._page.click("[data-change]")
        self._page.click(f"[data-mood='{self._mood}']")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._saved_mood() == self._mood:
                saved = time.monotonic() - begun
                self._page.wait_for_function("window.did_handshake === true", timeout=60_000)
                self._page.wait_for_function(
                    "() => !Object.keys(sessionStorage).some("
                    "key => key.includes('tap') && sessionStorage[key].length > 2)",
                    timeout=60_000,
                )
                return max(saved, time.monotonic() - begun)
            time.sleep(0.05)
        raise TimeoutError("the browser's tap was not saved")

    def _saved_mood(self) -> int | None:
        try:
            with self._database.read() as session:
                row = session.connection().exec_driver_sql(
                    "SELECT mood FROM entries WHERE user_id = %s", (self._first,)
                )
                return row.scalar()
        except Exception:
            return None

    def _doubled(self) -> int:
        """People of the crowd with more than the one entry that they made."""
        return sum(
            len(people.kept(self._database, user_id)) > 1
            for cookie, user_id in self._ids.items()
            if cookie in self._crowd.last
        )


def main() -> None:
    """Build it, lose each part, print the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cluster")))
        folder.chmod(0o755)
        private = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/run")))
        network = stack.enter_context(Network(MACHINES))
        move_to(network["client"])
        cluster = Cluster(network, folder, private)
        try:
            _drill(cluster, stack)
        except BaseException:
            for log in sorted(folder.glob("*.log")) + sorted(folder.glob("*/log")):
                print(
                    f"--- {log}\n" + "\n".join(log.read_text().splitlines()[-15:]), file=sys.stderr
                )
            raise


def _drill(cluster: Cluster, stack: ExitStack) -> None:
    cluster.start()
    database = Database(f"postgresql+psycopg://postgres@{NET}.21:5432,{NET}.22:5432/postgres")
    stack.callback(database.close)
    stack.callback(cluster.mail.stop)
    cookies = people.make(database, 1 + TAPPERS + ENDED_YEARS)
    tapping = dict(list(cookies.items())[: 1 + TAPPERS])
    page = _open_board(stack, next(iter(cookies.values())))
    crowd = Crowd(f"http://{SHARED}/", list(tapping.values())[1:], TAPS_A_SECOND)
    crowd.start()
    stack.callback(crowd.stop)
    await_that(lambda: len(crowd.last) == TAPPERS, "everybody's first tap")
    drill = Drill(cluster, page, crowd, database, tapping)

    print("| lost | the browser's tap saved | slowest tap of the crowd | taps | lost | doubled | |")
    print("|---|---|---|---|---|---|---|", flush=True)
    drill.lose("nothing (for comparison)", lambda: "")
    drill.lose_instance()
    drill.restart_instances()
    drill.lose_balancer()
    drill.lose_cable()
    _close_a_year(cluster, database, list(cookies)[1 + TAPPERS :])
    drill.lose_primary()
    crowd.stop()
    print(
        f"\nAt the end {drill.strays()} of {TAPPERS} people have another mood than their last tap."
    )


def _open_board(stack: ExitStack, cookie: str) -> Page:
    """Somebody's board in Chromium, with one mood on it."""
    context = stack.enter_context(chromium()).new_context()
    url = f"http://{SHARED}"
    context.add_cookies([{"name": "moodtracker", "value": cookie, "url": url}])
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(url)
    page.wait_for_function("window.did_handshake === true")
    page.click("[data-mood='1']")
    page.wait_for_selector("[data-change]")
    return page


def _close_a_year(cluster: Cluster, database: Database, ended: list[int]) -> None:
    people.end_a_year_of(database, ended)
    for worker in cluster.workers:
        worker.run()
    await_that(lambda: len(cluster.mail.taken) >= ENDED_YEARS // 4, "the first mails")
    cluster.workers[0].kill()
    at_kill = len(cluster.mail.taken)
    begun = time.monotonic()
    await_that(lambda: len(cluster.mail.taken) >= at_kill + 10, "the other worker")
    again = time.monotonic() - begun
    await_that(lambda: people.waiting(database) <= 1, "the mails of the other worker")
    people.pass_a_lease(database)
    await_that(lambda: people.waiting(database) == 0, "the mail of the dead worker")
    addresses = [address for address, _ in cluster.mail.taken]
    print(
        f"| a worker, kill -9 after {at_kill} of {ENDED_YEARS} mails | ten more mails after "
        f"{again:.1f} s | | | {ENDED_YEARS - len(set(addresses))} mails "
        f"| {len(addresses) - len(set(addresses))} mails "
        f"| Message-IDs: {len(set(cluster.mail.taken))} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
