"""One loop sends what a page is told, whenever its sockets come."""

import os
import re
import signal
from contextlib import ExitStack

from support.open_page import OpenPage
from support.server import ROOT
from support.waiting import await_that

PAGES = 8
_TASKS = re.compile(r"tasks: (.*)\.")


def test_a_page_is_sent_to_by_one_loop_however_soon_its_sockets_come(make_server):
    server = make_server()
    server.program = ROOT / "tests" / "support" / "telling_main.py"
    server.start()
    cookie = server.register("quick")
    with ExitStack() as open_sockets:
        pages = []
        for _ in range(PAGES):
            # One that is read piece by piece: its loop has begun before it is answered with.
            pages.append(OpenPage(server, cookie, "/settings"))
            for _ in range(2):  # within a tenth of a second of the page, as a rule
                open_sockets.enter_context(pages[-1].connected())
        expected = {f"outbox loop {page.client_id}" for page in pages}
        await_that(lambda: expected <= set(tasks(server)))  # one is not awake yet
        loops = [name for name in tasks(server) if name.startswith("outbox loop")]
        assert sorted(loops) == sorted(expected)


def tasks(server):
    """The names of the tasks that the server runs."""
    before = len(_TASKS.findall(server.log))
    os.kill(server.pid, signal.SIGUSR1)
    told = await_that(lambda: _TASKS.findall(server.log)[before:])
    return told[-1].split(", ")
