"""A proxy that is set up wrongly, and what the page says about it."""

import shutil
import subprocess

import pytest

from support.needs import missing
from support.proxies import NGINX, await_answer
from support.server import PASSWORD, Server, free_port
from support.websites import certificate_for_localhost

# Each of these has been seen in somebody's configuration; all lead to one app.
WRONG = """
map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
proxy_http_version 1.1;
ssl_certificate     {certificate};
ssl_certificate_key {certificate};

# No websockets; two sub-paths that the app was not told of.
server {{
    listen 127.0.0.1:{port} ssl;
    proxy_set_header Host $http_host;
    location / {{ proxy_pass http://127.0.0.1:{app}; }}
    location /taken-off/ {{ proxy_pass http://127.0.0.1:{app}/; }}
    location /left-on/ {{ proxy_pass http://127.0.0.1:{app}; }}
}}
# Another address than BASE_URL says, and the Host header is not passed on.
server {{
    listen 127.0.0.1:{elsewhere} ssl;
    location / {{
        proxy_pass http://127.0.0.1:{app};
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
    }}
}}
# No encryption.
server {{
    listen 127.0.0.1:{plain};
    proxy_set_header Host $http_host;
    location / {{ proxy_pass http://127.0.0.1:{app}; }}
}}
"""


class WrongProxy:
    def __init__(self, folder):
        self.folder = folder
        self.ports = {name: free_port() for name in ("port", "elsewhere", "plain")}
        self.url = f"https://localhost:{self.ports['port']}"
        self.elsewhere = f"https://localhost:{self.ports['elsewhere']}"
        self.plain = f"http://localhost:{self.ports['plain']}"
        self.app = Server(folder, BASE_URL=self.url, TRUSTED_PROXIES="127.0.0.1")

    def start(self):
        certificate = certificate_for_localhost(self.folder)
        recipe = WRONG.format(certificate=certificate, app=self.app.port, **self.ports)
        (self.folder / "recipe").write_text(recipe)
        (self.folder / "main.conf").write_text(NGINX.format(folder=self.folder))
        self.app.start()
        self.process = subprocess.Popen(
            ["nginx", "-p", str(self.folder), "-c", str(self.folder / "main.conf")]
        )
        await_answer(f"{self.url}/healthz")
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.app.stop()


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    if shutil.which("nginx") is None:
        missing("nginx (Debian's package of that name)")
    proxy = WrongProxy(tmp_path_factory.mktemp("wrong")).start()
    proxy.app.register("ada")
    yield proxy
    proxy.stop()


@pytest.fixture
def open_page(wrong, open_browser):
    def open_one(address):
        page = open_browser(wrong, ignore_https_errors=True).new_page()
        page.goto(address)
        return page

    return open_one


def told(page):
    """What stands in the way, in the words that a person sees; waits until some are there."""
    page.wait_for_selector("#obstacle:not([hidden])")
    return page.inner_text("#obstacle")


def sign_in(page):
    page.fill("#login", "ada")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")


def test_a_proxy_that_passes_no_websockets_is_named_on_the_board_with_the_cure(wrong, open_page):
    page = open_page(wrong.url)
    sign_in(page)
    page.wait_for_selector("#today-card")
    words = told(page)
    assert "not saved" in words
    assert "passes no websockets on" in words
    assert "docs/proxies.md" in words


def test_a_wrong_host_is_named_where_a_form_is_refused_and_where_the_socket_is(wrong, open_page):
    page = open_page(wrong.elsewhere)
    words = told(page)
    assert f"expects you at {wrong.url}" in words
    assert f"MOODTRACKER_BASE_URL={wrong.elsewhere}" in words
    sign_in(page)
    page.wait_for_selector("text=This was not accepted")
    assert f"MOODTRACKER_BASE_URL={wrong.elsewhere}" in page.inner_text("main")
    assert "Host" in page.inner_text("main")


def test_a_page_without_encryption_is_named_before_anybody_signs_in(wrong, open_page):
    words = told(open_page(wrong.plain))
    assert f"open {wrong.url}" in words
    assert "from http to https" in words


def test_a_sub_path_that_was_taken_off_and_never_told_is_named(wrong, open_page):
    page = open_page(f"{wrong.url}/taken-off/")
    assert f"MOODTRACKER_BASE_URL={wrong.url}/taken-off" in told(page)
    assert page.url == f"{wrong.url}/taken-off/login"


def test_a_sub_path_that_was_left_on_and_never_told_is_named(wrong, open_page):
    page = open_page(f"{wrong.url}/left-on/")
    assert "This page does not exist" in page.inner_text("main")
    assert "to be found at this address" in page.inner_text("main")


# The page looks after 2 seconds, in which a busy machine may not have connected it: here it looks
# when it is told to.
LOOK_WHEN_TOLD = """
const later = window.setTimeout;
window.setTimeout = (what, after, ...more) =>
    after === 2000 ? ((window.lookNow = what), 0) : later(what, after, ...more);
"""


def test_a_page_that_connects_says_nothing(server, open_browser):
    browser = open_browser(server, server.register("calm"))
    browser.add_init_script(LOOK_WHEN_TOLD)
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url)
    page.wait_for_function("window.did_handshake === true")
    page.evaluate("lookNow()")
    page.evaluate("fetch('/healthz').then(() => null)")  # after whatever was asked for by then
    assert page.is_hidden("#obstacle")
    assert f"{server.url}/healthz" in asked
    assert not [address for address in asked if "/obstacles/" in address]
