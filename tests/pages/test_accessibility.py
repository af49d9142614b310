"""axe-core finds nothing on any page or state, in light, in dark, on a phone, and in Arabic."""

import pytest

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
    with demo_server.serving(tmp_path_factory.mktemp("axe")) as served:
        yield served


@pytest.fixture(params=LOOKS)
def pages(request, shown, browser):
    """Opens a page of the demo person's (or a stranger's) in one of the looks."""
    server, cookie = shown
    context = browser.new_context(bypass_csp=True, **LOOKS[request.param])
    context.set_default_timeout(WAIT_SECONDS * 1000)

    def open_page(path, *, signed_in=True):
        context.clear_cookies()
        if signed_in:
            context.add_cookies([{"name": "moodtracker", "value": cookie, "url": server.url}])
        page = context.new_page()
        page.goto(server.url + path)
        return page

    yield open_page
    context.close()


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


@pytest.mark.parametrize("path", ["/settings", "/admin", "/nowhere", "/offline"])
def test_nothing_on_a_page_of_somebody_keeps_them_out(pages, path):
    page = pages(path)
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


@pytest.mark.parametrize("pages", ["phone"], indirect=True)
@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_cut_off_on_a_narrow_screen(pages, width):
    for path in ("/", "/settings", "/admin"):
        page = pages(path)
        page.set_viewport_size({"width": width, "height": 640})
        page.wait_for_selector("h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


@pytest.mark.parametrize("pages", ["phone"], indirect=True)
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
