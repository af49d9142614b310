"""axe-core finds nothing on any page or state, in light, in dark, on a phone, and in Arabic."""

import pytest

from moodtracker.accounts import links
from moodtracker.database import Database
from moodtracker.mail.unsubscribe import Unsubscribing
from moodtracker.secret import MADE_FILE, Secret
from support import axe, demo_server
from support.board_page import DESKTOP, PHONE
from support.server import WAIT_SECONDS

LOOKS = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
    "arabic": {"viewport": PHONE, "color_scheme": "dark", "locale": "ar"},
}

TENTH_OF_MARCH = "table.year tbody tr:nth-child(3) td:nth-of-type(10)"


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    mail = {"SMTP_HOST": "127.0.0.1", "MAIL_FROM": "mood@example.org"}  # nothing is sent
    with demo_server.serving(tmp_path_factory.mktemp("axe"), **mail) as served:
        yield served


@pytest.fixture(scope="module")
def mailed(shown):
    """The paths of links as people find them in their mails, and of the form that asks for one."""
    server, cookie = shown
    user_id = int(cookie.partition(".")[0])
    secret = Secret((server.folder / "data" / MADE_FILE).read_text().strip())
    database = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    with database.write() as session:
        tokens = {
            purpose: links.make(session, purpose, user_id, "ada@example.org")
            for purpose in ("verify", "reset")
        }
    database.close()
    return {purpose: f"/{purpose}?token={token}" for purpose, token in tokens.items()} | {
        "unsubscribe": Unsubscribing(secret, "").address(user_id),
        "spent": "/reset?token=1.spent",
        "forgot": "/forgot",
    }


@pytest.fixture(scope="module", params=LOOKS)
def look(request, browser):
    """A browser with one of the looks, which keeps what it has loaded."""
    context = browser.new_context(bypass_csp=True, **LOOKS[request.param])
    context.set_default_timeout(WAIT_SECONDS * 1000)
    yield context
    context.close()


@pytest.fixture
def pages(shown, look):
    """Opens a page of the demo person's (or a stranger's)."""
    server, cookie = shown

    def open_page(path, *, signed_in=True):
        look.clear_cookies()
        if signed_in:
            look.add_cookies([{"name": "moodtracker", "value": cookie, "url": server.url}])
        page = look.new_page()
        page.goto(server.url + path)
        return page

    yield open_page
    for page in look.pages:
        page.evaluate("localStorage.clear()")
        page.close()


def test_nothing_on_the_board_keeps_anybody_out(pages):
    page = pages("/")
    page.wait_for_function("window.did_handshake === true")
    assert axe.violations(page) == []
    page.click("[data-note]")
    page.click(TENTH_OF_MARCH)
    page.wait_for_selector("#look-at > *")
    page.click("summary")
    assert axe.violations(page) == []
    page.evaluate("location.reload = () => {}; window.socket.disconnect()")
    page.evaluate("document.getElementById('popup').ariaHidden = 'false'")
    assert axe.violations(page) == []


@pytest.mark.parametrize(
    "path", ["/settings", "/admin", "/year-end/preview", "/nowhere", "/offline"]
)
def test_nothing_on_a_page_of_somebody_keeps_them_out(pages, path):
    page = pages(path)
    page.wait_for_selector("h1")
    assert axe.violations(page) == []


@pytest.mark.parametrize("link", ["verify", "reset", "unsubscribe", "spent", "forgot"])
def test_nothing_behind_a_mailed_link_keeps_anybody_out(pages, mailed, link):
    page = pages(mailed[link], signed_in=False)
    page.wait_for_selector("h1")
    assert axe.violations(page) == []


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_nothing_on_a_page_for_strangers_keeps_them_out(pages, path):
    page = pages(path, signed_in=False)
    page.wait_for_selector("h1")
    assert axe.violations(page) == []
    page.evaluate("document.querySelector('form').noValidate = true")
    page.click("button.primary")
    page.wait_for_selector("[role=alert]")
    assert axe.violations(page) == []


@pytest.mark.parametrize("look", ["phone"], indirect=True)
@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_cut_off_on_a_narrow_screen(pages, width):
    for path in ("/", "/settings", "/admin"):
        page = pages(path)
        page.set_viewport_size({"width": width, "height": 640})
        page.wait_for_selector("h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


@pytest.mark.parametrize("look", ["light"], indirect=True)
def test_nothing_is_cut_off_at_twice_the_size(pages):
    """WCAG 1.4.4: a browser that zooms to 200 % lays out for half the pixels."""
    for path in ("/", "/settings", "/admin"):
        page = pages(path)
        page.set_viewport_size({"width": DESKTOP["width"] // 2, "height": DESKTOP["height"] // 2})
        page.wait_for_selector("h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"] // 2
        page.close()


@pytest.mark.parametrize("look", ["phone"], indirect=True)
def test_what_is_touched_is_large_enough(pages):
    """44 px, but for the year's squares: the buttons beside a day lead to each of them."""
    page = pages("/")
    page.set_viewport_size(PHONE)
    page.click(TENTH_OF_MARCH)
    small = page.evaluate(
        """[...document.querySelectorAll("main button, summary")]
            .filter((one) => one.offsetParent)
            .map((one) => [one.id || one.textContent, one.getBoundingClientRect()])
            .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
            .map(([name, box]) => `${name} ${box.width} ${box.height}`)"""
    )
    assert small == []
