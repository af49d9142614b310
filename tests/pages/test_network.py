"""Over a network that comes and goes, each tap arrives, and arrives once."""

import socket
import threading
import time
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from support.board_page import BoardPage
from support.server import WAIT_SECONDS, Server, free_port

CUT_SECONDS = 30
AWAY_SECONDS = 12


class Cable:
    """A network between browser and server that can be cut: what is on its way is lost."""

    def __init__(self, port: int, server_port: int) -> None:
        self._to = server_port
        self._is_cut = False
        self._unanswered: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._is_cut = True
        for end in list(self._open):
            _end(end)

    def lose_answers(self) -> None:
        """On what is open by now, let through what the browser sends, and nothing else."""
        self._unanswered = set(self._open)

    def end_unanswered(self) -> None:
        for end in self._unanswered:
            _end(end)

    def mend(self) -> None:
        self._is_cut = False

    def remove(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._to))
            for one, other in ((near, far), (far, near)):
                self._open.add(one)
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        to_server = other.getpeername()[1] == self._to
        with suppress(OSError):
            while content := one.recv(65536):
                if not self._is_cut and (to_server or one not in self._unanswered):
                    other.sendall(content)
        for end in (one, other):
            self._open.discard(end)
            _end(end)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@pytest.fixture
def cable(make_server):
    port = free_port()
    server: Server = make_server(BASE_URL=f"http://localhost:{port}")
    server.start()
    between = Cable(port, server.port)
    yield server, between
    between.remove()


def test_a_socket_cut_for_half_a_minute_amid_taps_ends_with_each_tap_there_once(
    cable, open_browser
):
    server, between = cable
    cookie = server.register("traveller")
    context = open_browser(server, cookie)
    page = context.new_page()
    page.goto(server.settings["BASE_URL"])
    board = BoardPage(page)
    board.await_connection()
    board.pick(4)
    between.cut()  # its answer, or the tap itself, is lost on the way
    cut_at = time.monotonic()
    page.wait_for_function("!window.socket.connected")
    page.wait_for_timeout(800)  # else it is the second click of a double click
    board.pick(2)
    board.await_message("Not saved yet")
    expect(page.get_by_text("Not connected.")).to_be_visible(timeout=WAIT_SECONDS * 1000)
    page.wait_for_timeout(max(0, CUT_SECONDS - (time.monotonic() - cut_at)) * 1000)
    between.mend()
    board.await_moods("Good", "Bad")
    page.reload()
    board.await_moods("Good", "Bad")
    kept = page.request.get(f"{server.url}/moods.json").json()["entries"]
    assert [entry["mood"] for entry in kept] == [4, 2]
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_a_tap_whose_answer_was_lost_leaves_what_another_device_made_of_it(cable, open_browser):
    server, between = cable
    cookie = server.register("owner")
    browsers = [open_browser(server, cookie) for _ in range(2)]
    phone, laptop = [BoardPage(context.new_page()) for context in browsers]
    phone.page.goto(server.settings["BASE_URL"])
    phone.await_connection()
    between.lose_answers()
    laptop.page.goto(server.settings["BASE_URL"])
    laptop.await_connection()
    phone.pick(1)
    laptop.await_moods("Awful")
    browsers[0].set_offline(True)
    between.end_unanswered()
    laptop.page.click("[data-change]")
    laptop.pick(5)
    laptop.await_moods("Great")
    phone.page.wait_for_function("!window.socket.connected")
    assert phone.page.evaluate("Object.keys(localStorage).length") == 1
    phone.page.wait_for_timeout(AWAY_SECONDS * 1000)  # after which its page is forgotten
    browsers[0].set_offline(False)
    phone.page.wait_for_function("Object.keys(localStorage).length === 0")
    for board in (phone, laptop):
        board.await_moods("Great")
    kept = laptop.page.request.get(f"{server.url}/moods.json").json()["entries"]
    assert [entry["mood"] for entry in kept] == [5]


def test_without_a_network_the_app_answers_with_its_own_page_and_comes_back(cable, open_browser):
    server, between = cable
    page = open_browser(server, server.register("underground")).new_page()
    address = server.settings["BASE_URL"]
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    between.cut()
    page.goto(address)
    page.wait_for_selector("text=You are not connected")
    between.mend()
    page.wait_for_selector("#today-card")


def test_the_app_can_be_installed(server, open_browser):
    page = open_browser(server).new_page()
    page.goto(f"{server.url}/login")
    manifest = page.request.get(page.evaluate("document.querySelector('[rel=manifest]').href"))
    content = manifest.json()
    assert (content["display"], content["start_url"]) == ("standalone", "/")
    sizes = {(icon["sizes"], icon["purpose"]) for icon in content["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes
    for icon in content["icons"]:
        answer = page.request.get(server.url + icon["src"])
        assert answer.headers["content-type"] == "image/png"
        width = int.from_bytes(answer.body()[16:20])
        assert f"{width}x{width}" == icon["sizes"]
