"""Lose each part of a cluster in turn, and tell what people noticed: `make cluster`, as root.

Needs HAProxy, keepalived, PostgreSQL, libfaketime and Chromium (Debian's packages). Everything runs
in network namespaces of its own and is gone in the end. Meanwhile people act from several tabs on
the same entries, and in the end all that they were told is checked (:mod:`support.histories`).
"""

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import cast

import psycopg
from playwright.sync_api import Page

from benchmarks.browser import chromium
from benchmarks.cluster import people
from benchmarks.cluster.crowd import Crowd
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
from moodtracker.clock_watch import ClockWatch
from moodtracker.database import Database
from support.ordeal import midnight_in, sign_in
from support.tabs import Calendar
from support.zone_data import zone_of_noon

PEOPLE = 14  # with three tabs each
ACTS_A_SECOND = 20
LEAST_ACTS = 5000
ENDED_YEARS = 200
SKEWS = {"a": 300, "b": -300, "c": 0}  # seconds by which clocks are fast
MIDNIGHT_AFTER = 120.0  # seconds; for half of the people
_SETTLE_SECONDS = 5
_DEAD_AFTER_SECONDS = 1.0  # the operator is sure, and promotes
_AFFINITY = "moodtracker-instance"
_LONG_SECONDS = 20.0  # that something is frozen or cut off
_DRAFT = "half a though"


@dataclass
class Line:
    """What people noticed of one loss."""

    what: str
    browser: float
    seconds: list[float]  # of each act of the crowd meanwhile
    more: str

    def __str__(self) -> str:
        """As a row of a table."""
        slowest = max(self.seconds, default=0.0)
        return (
            f"| {self.what} | {self.browser:.1f} s | {slowest:.1f} s | {len(self.seconds)} "
            f"| {self.more} |"
        )


class Cluster:
    """The whole, running; the parts are lost one at a time and brought back."""

    def __init__(self, network: Network, folder: Path, private: Path) -> None:
        """Not started yet."""
        self.folder = folder
        self.primary = PostgreSQL(network["primary"], folder)
        self.replica = PostgreSQL(network["replica"], folder)
        self.instances = {
            name: Process(network[name], folder, skew=SKEWS[name], ROLE="web") for name in INSTANCES
        }
        self.workers = [Process(network[name], folder, ROLE="worker") for name in WORKERS]
        self.balancers = Balancers(network, folder, private)
        self.mail = MailServer()
        self.network = network

    def fail_over(self) -> None:
        """Make the replica the primary, and the dead primary its replica."""
        self.primary, self.replica = self.replica, self.primary
        self.replica.come_back(self.primary)

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
        person: int,
    ) -> None:
        """``page`` is the board of a ``person``, in Chromium."""
        self._cluster = cluster
        self._page = page
        self._crowd = crowd
        self._person = person
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

    def freeze_instance(self) -> None:
        """The one that the browser uses stands still, and then goes on with what it was sent."""
        frozen = self._cluster.instances[self._used()]
        self.lose("the instance in use, frozen", frozen.freeze, lasts_until=frozen.thaw)

    def cut_off_instance(self) -> None:
        """The one that the browser uses reaches neither PostgreSQL."""
        machine = self._cluster.instances[self._used()].machine
        databases = self._cluster.primary.machine, self._cluster.replica.machine

        def cut() -> None:
            for each in databases:
                machine.lose_way_to(each)

        def heal() -> None:
            for each in databases:
                machine.find_way_to(each)

        self.lose("the instance in use, cut off from PostgreSQL", cut, lasts_until=heal)

    def end_connections(self) -> None:
        """Again and again, amid transactions."""

        def end() -> str:
            for _ in range(10):
                self._cluster.primary.end_connections()
                time.sleep(0.3)
            return "10 times"

        self.lose("every connection to PostgreSQL, ended", end)

    def lose_primary(self) -> None:
        """Kill every process of PostgreSQL's primary, and promote the replica."""

        def kill_it() -> str:
            self._cluster.primary.kill()
            return self._promote()

        self.lose("PostgreSQL's primary, kill -9", kill_it)

    def freeze_primary(self) -> None:
        """Its machine lives and acknowledges; the replica is promoted, and it never comes back."""

        def freeze_it() -> str:
            self._cluster.primary.freeze()
            return self._promote()

        def bury_it() -> None:
            self._cluster.primary.kill()  # the frozen one, before it wakes

        self.lose("PostgreSQL's primary, frozen", freeze_it, lasts_until=bury_it)

    def fail_over(self) -> None:
        """After a primary was lost: the other one is it from now on, with a new replica."""
        self._cluster.fail_over()

    def _promote(self) -> str:
        time.sleep(_DEAD_AFTER_SECONDS)
        self._cluster.replica.promote()
        return f"promoted after {_DEAD_AFTER_SECONDS:g} s"

    def lose(
        self,
        what: str,
        how: Callable[[], str | None],
        *,
        lasts: bool = False,
        lasts_until: Callable[[], None] | None = None,
    ) -> None:
        """Lose a part by ``how``, tap in the browser at once, and let all settle.

        Where it ``lasts``, only the tap's own time counts, after all of it. What ``lasts_until``
        mends it is done after 20 seconds, whatever became of the tap.
        """
        self._draft()
        time.sleep(2)
        begun = time.monotonic()
        more = how() or ""
        mending = threading.Timer(_LONG_SECONDS, lasts_until or (lambda: None))
        mending.start()
        seconds = self._tap(time.monotonic() if lasts else begun)
        if lasts_until:
            mending.join()
        mending.cancel()
        time.sleep(_SETTLE_SECONDS)
        kept = self._page.input_value("#note-text")
        said = [more, None if kept == _DRAFT else f"the note was lost: {kept!r}"]
        self._crowd.count(what)
        acts = self._crowd.acts_since(begun)
        print(Line(what, seconds, acts, "; ".join(filter(None, said))), flush=True)

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
        for server in (self._cluster.replica, self._cluster.primary):
            try:
                with server.connect(1) as connection:
                    connection.execute("SET statement_timeout = '1s'")
                    found = connection.execute(
                        "SELECT mood, pg_is_in_recovery() FROM entries WHERE user_id = %s",
                        (self._person,),
                    ).fetchone()
            except psycopg.Error:
                continue
            if found and not found[1]:
                return cast(int, found[0])
        return None


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
    cookies = people.make(database, 1 + ENDED_YEARS)
    browsing, cookie = next(iter(cookies.items()))
    page = _open_board(stack, cookie)
    calendars = [Calendar(zone_of_noon()), midnight_in(MIDNIGHT_AFTER, cluster.folder)]
    tapping = sign_in(database, calendars * (PEOPLE // 2))
    crowd = Crowd(database, {"balanced": f"http://{SHARED}"}, tapping, ACTS_A_SECOND)
    crowd.start()
    stack.callback(crowd.stop)
    drill = Drill(cluster, page, crowd, browsing)

    print("| lost | the browser's tap saved | slowest act of the crowd | acts | |")
    print("|---|---|---|---|---|", flush=True)
    drill.lose("nothing (for comparison)", lambda: "")
    drill.lose_instance()
    drill.restart_instances()
    drill.lose_balancer()
    drill.lose_cable()
    _close_a_year(cluster, database, list(cookies)[1:])
    drill.lose_primary()
    drill.fail_over()
    harms = (drill.freeze_instance, drill.cut_off_instance, drill.end_connections)
    least = int(sys.argv[1]) if len(sys.argv) > 1 else LEAST_ACTS
    for turn in count():
        if turn >= len(harms) and crowd.acts() >= least:
            break
        harms[turn % len(harms)]()
    drill.freeze_primary()
    report = crowd.end()
    print(f"\n{report}")
    if report.faults:
        sys.exit(1)


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
    # A machine that has run for less than a day, and has no NTP, is waited for otherwise.
    ClockWatch(database).confirm()
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
