"""Pages in a real Chromium: when a person sees them, can tap, and sees the tap saved."""

import os
import shutil
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.bench import Bench
from benchmarks.contestants import BOARD, ONE_LABEL, USUAL_WAY, Server
from benchmarks.figures import Figure

PEOPLE = 15
_ROUNDS = 7
_SETTLE_MS = 1500  # a later visit comes later: what the first one began is done by then
_TAPS = 40
_PAUSE_MS = 120  # between clicks, as people make them; taps that are too quick are held back
# What a person waits to see. An element counts from the frame that draws it.
_SEEN = {
    "board": "#year-card tbody tr:last-of-type td:last-of-type",
    "one label": ".nicegui-content > *",
    "usual way": "#year > :last-child > :last-child",
}
_WATCH = """
(() => {
  const watch = () => {
    const drawn = document.querySelector(%r)?.getBoundingClientRect().height > 0;
    if (drawn) window.__seen ??= performance.now();
    if (window.did_handshake === true) window.__connected ??= performance.now();
    if (!window.__seen || !window.__connected) requestAnimationFrame(watch);
  };
  requestAnimationFrame(watch);
})();
"""
# How long from a click until its outcome is in the page: [button, where the outcome stands].
_CLICK = """
([button, place]) => new Promise((resolve) => {
  const begun = performance.now();
  const observer = new MutationObserver(() => {
    observer.disconnect();
    resolve(performance.now() - begun);
  });
  const place_and_below = { childList: true, subtree: true, characterData: true };
  observer.observe(document.querySelector(place), place_and_below);
  document.querySelector(button).click();
})
"""


def measure(bench: Bench) -> Iterator[Figure]:
    """The board against one label, cold and warm, and a tap against a button's round trip."""
    with (
        bench.serving(BOARD, ONE_LABEL, USUAL_WAY) as servers,
        chromium() as browser,
    ):
        yield from _loading(bench, browser, dict(zip(_SEEN, servers, strict=True)))
        yield _tapping(bench, browser, servers[0], servers[1])


@contextmanager
def chromium() -> Iterator[Browser]:
    """A real browser."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None:
        sys.exit("The benchmark needs Chromium (Debian's package, or its path in CHROMIUM).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def context_for(browser: Browser, url: str, cookie: str) -> BrowserContext:
    """A browser of somebody who is signed in, and who has never been here."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "moodtracker", "value": cookie, "url": url}])
    return context


def await_connection(page: Page) -> None:
    """Wait until the page's socket stands."""
    page.wait_for_function("window.did_handshake === true")


def _loading(bench: Bench, browser: Browser, servers: dict[str, Server]) -> Iterator[Figure]:
    raw: dict[str, dict[str, list[tuple[float, float]]]] = {
        kind: {name: [] for name in servers} for kind in ("cold", "warm")
    }
    for number in range(_ROUNDS + 1):
        for name, server in servers.items():
            context = context_for(browser, server.url, bench.full[number + 1])
            context.add_init_script(_WATCH % _SEEN[name])
            page = context.new_page()
            for kind in ("cold", "warm"):
                if kind == "warm":
                    page.wait_for_timeout(_SETTLE_MS)
                page.goto(server.url)
                page.wait_for_function("window.__seen && window.__connected")
                seen, connected = page.evaluate("[window.__seen, window.__connected]")
                if number:  # the first visit to a server that nobody has visited is not counted
                    raw[kind][name].append((seen, connected))
            context.close()
    bench.raw["Chromium: ms until seen, until connected"] = raw
    for kind, times in raw.items():
        seen, connected = (
            {name: statistics.median(values) for name, values in each.items()}
            for each in (
                {name: [value[place] for value in values] for name, values in times.items()}
                for place in (0, 1)
            )
        )
        yield Figure(
            f"board visible in Chromium, {kind}, against one label visible",
            seen["board"] / seen["one label"],
            0.8,
            detail=f"{seen['board']:.0f} ms against {seen['one label']:.0f}; "
            f"usual way {seen['usual way']:.0f}",
            cause="the page's first HTML is drawn no sooner",
        )
        yield Figure(
            f"board connected in Chromium, {kind}, against one label visible",
            connected["board"] / seen["one label"],
            1.2,
            detail=f"{connected['board']:.0f} ms against {seen['one label']:.0f}; "
            f"one label connected {connected['one label']:.0f}",
            cause="the framework opens the socket: one label itself is connected after "
            f"{connected['one label'] / seen['one label']:.2f} x; a tap made sooner is kept",
        )


def _tapping(bench: Bench, browser: Browser, board: Server, label: Server) -> Figure:
    context = context_for(browser, board.url, bench.full[_ROUNDS + 2])
    ours, theirs = context.new_page(), context.new_page()
    ours.goto(board.url)
    theirs.goto(label.url + "button")
    taken: dict[str, list[float]] = {"tap": [], "button": [], "commit": []}
    for page in (ours, theirs):
        await_connection(page)
    for number in range(_TAPS):
        ours.bring_to_front()
        ours.click("[data-change] >> nth=0")
        ours.wait_for_timeout(_PAUSE_MS)
        mood = f"[data-mood='{number % 5 + 1}']"
        taken["tap"].append(ours.evaluate(_CLICK, [mood, "#year-card"]))
        theirs.bring_to_front()
        theirs.wait_for_timeout(_PAUSE_MS)
        taken["button"].append(theirs.evaluate(_CLICK, ["#tap", "#answer"]))
        ours.wait_for_timeout(_PAUSE_MS)
        taken["commit"].append(_commit(bench.data / "commits.db"))
    context.close()
    bench.raw["Chromium: ms from click to seen"] = taken
    tap, button, commit = (statistics.median(taken[name]) for name in ("tap", "button", "commit"))
    return Figure(
        "click to committed and seen, p50, against a button that sets a label",
        tap / button,
        2,
        detail=f"{tap:.1f} ms against {button:.1f}",
        cause="a tap is on the disk before it is shown: "
        f"for one row alone that takes {commit:.1f} ms",
    )


def _commit(file: Path) -> float:
    """How many ms SQLite takes to commit one row, set as the app sets it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS one (row TEXT)")
        begun = time.perf_counter()
        connection.execute("INSERT INTO one VALUES (datetime())")
        return (time.perf_counter() - begun) * 1000
