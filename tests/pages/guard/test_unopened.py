"""Pages that are asked for and never opened: they must not fill the memory."""

import os
import re
import signal
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from support.open_page import OpenPage
from support.server import ROOT, WAIT_SECONDS
from support.waiting import await_that

# The whole flood is 20,000; CI has patience for fewer.
PAGE_LOADS = int(os.environ.get("PAGE_LOADS", "500"))
# What a bounded number of pages may need, and no more; unbounded, they would take several times it.
_MOST_GROWTH = 1.2
_MOST_LEFT = 1.05
_ASLEEP_SECONDS = 5
_IN_MEMORY = re.compile(r"in memory: (\d+)\.")


@pytest.fixture(scope="module")
def cookie(server):
    return server.register("patient")


@pytest.fixture
def uncollected(make_server):
    """A server that never searches for garbage."""
    server = make_server()
    server.program = ROOT / "tests" / "support" / "uncollected_main.py"
    return server.start()


def is_there(page):
    with page.socket() as socket:
        return socket.connect().startswith("40{")


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_stranger_s_page_is_forgotten_once_it_is_answered_with(server, cookie, path):
    assert not is_there(OpenPage(server, path=path))


def test_strangers_pages_take_none_from_people(server, cookie):
    mine = OpenPage(server, cookie)
    for _ in range(100):
        assert httpx.get(f"{server.url}/login", timeout=WAIT_SECONDS).status_code == 200
    assert is_there(mine)


def test_a_person_holds_few_pages(server):
    cookie = server.register("restless")
    pages = [OpenPage(server, cookie) for _ in range(25)]
    assert not is_there(pages[0])
    assert is_there(pages[1])
    assert is_there(pages[-1])


def test_a_page_that_is_not_the_answer_is_not_kept(server):
    """A redirect or a HEAD has a page built that nobody will ever open."""
    cookie = server.register("led")
    mine = OpenPage(server, cookie)
    with httpx.Client(cookies={"moodtracker": cookie}, timeout=WAIT_SECONDS) as client:
        for _ in range(25):
            assert client.get(f"{server.url}/login").status_code == 303
            assert client.head(server.url).status_code == 200
    assert is_there(mine)


def test_pages_that_wait_for_their_socket_leave_the_server_asleep(make_server):
    server = make_server().start()
    cookie = server.register("absent")
    with httpx.Client(timeout=WAIT_SECONDS, cookies={"moodtracker": cookie}) as person:
        for _ in range(24):
            person.get(server.url).raise_for_status()
        woken = times_woken(server)
        time.sleep(_ASLEEP_SECONDS)
        # A server without pages is woken 12 times a second, by NiceGUI's looks at these 30 times.
        assert times_woken(server) - woken < 20 * _ASLEEP_SECONDS


def test_page_loads_without_a_socket_leave_the_memory_as_it_was(make_server):
    server = make_server().start()
    cookie = server.register("flooded")
    with loading(server, cookie) as load:
        load(160)
        before = memory(server)
        load(PAGE_LOADS)
        assert memory(server) <= before * _MOST_GROWTH
    assert is_there(OpenPage(server, cookie))


def test_a_page_that_is_gone_leaves_nothing_that_has_to_be_searched_for(uncollected):
    with loading(uncollected, uncollected.register("flooded")) as load:
        load(160)
        before = memory(uncollected)
        load(240)
        assert memory(uncollected) <= before * _MOST_LEFT


def test_a_page_whose_socket_is_closed_leaves_nothing_either(uncollected):
    cookie = uncollected.register("thrifty")
    with ExitStack() as open_sockets:
        for _ in range(8):
            open_sockets.enter_context(OpenPage(uncollected, cookie).connected())
        assert in_memory(uncollected) >= 16
    await_that(lambda: in_memory(uncollected) == 0)


@contextmanager
def loading(server, cookie):
    """Gives what asks for pages, half of them for a stranger, and opens no socket."""
    with (
        httpx.Client(timeout=WAIT_SECONDS) as stranger,
        httpx.Client(timeout=WAIT_SECONDS, cookies={"moodtracker": cookie}) as person,
    ):

        def load(times):
            for _ in range(times // 2):
                assert stranger.get(f"{server.url}/login").status_code == 200
                assert person.get(server.url).status_code == 200

        yield load


def times_woken(server):
    """How often the thread of the server's event loop has gone to sleep so far."""
    status = Path(f"/proc/{server.pid}/task/{server.pid}/status").read_text()
    return int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", status)[1])


def in_memory(server):
    """How many pages and connections the server has, whether anybody knows them or not."""
    before = len(_IN_MEMORY.findall(server.log))
    os.kill(server.pid, signal.SIGUSR1)
    return int(await_that(lambda: _IN_MEMORY.findall(server.log)[before:])[0])


def memory(server):
    """What the server's process holds, in kB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])
