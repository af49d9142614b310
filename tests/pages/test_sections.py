import html

import httpx
import pytest

from support.server import PASSWORD


def ask(server, path, cookie, **more):
    with httpx.Client(cookies={"moodtracker": cookie}) as browser:
        return browser.get(f"{server.url}{path}", **more)


def post(server, path, cookie, data=None, **more):
    with httpx.Client(cookies={"moodtracker": cookie}) as browser:
        return browser.post(f"{server.url}{path}", data=data or {}, **more)


def sign_in_from(server, username, browser):
    answer = httpx.post(
        f"{server.url}/login",
        data={"login": username, "password": PASSWORD},
        headers={"User-Agent": browser},
    )
    return answer.cookies["moodtracker"]


@pytest.fixture(scope="module", autouse=True)
def administrator(server):
    return server.register("founder")


def test_the_board_leads_to_the_settings_and_back(server, administrator, open_board):
    page = open_board(server, server.register("visitor")).page
    page.click("summary")
    page.click("text=Settings")
    page.wait_for_selector("#devices")
    page.click("text=Back to your board")
    page.wait_for_selector("#today-card")


def test_only_an_administrator_is_led_to_the_administration(server, administrator, open_board):
    page = open_board(server, administrator).page
    page.click("summary")
    page.click("text=Administration")
    page.wait_for_selector("#people")
    other = open_board(server, server.register("somebody")).page
    other.click("summary")
    assert other.locator("text=Administration").count() == 0


def test_for_others_the_administration_does_not_exist(server, administrator):
    cookie = server.register("nosy")
    assert ask(server, "/admin", cookie).status_code == 404
    assert ask(server, "/admin", administrator).status_code == 200
    assert httpx.get(f"{server.url}/admin").headers["location"] == "/login?next=/admin"


def test_the_only_administrator_is_told_to_hand_over_before_leaving(server, administrator):
    heir = server.register("heir")
    refused = post(server, "/settings/leave", administrator, {"password": PASSWORD})
    assert refused.status_code == 422
    assert "You are the only administrator" in html.unescape(refused.text)
    user_id = heir.partition(".")[0]
    assert post(server, "/admin/people/promote", heir, {"id": user_id}).status_code == 404
    assert post(server, "/admin/people/promote", administrator, {"id": user_id}).status_code == 303
    assert ask(server, "/admin", heir).status_code == 200


def test_the_list_of_devices_tells_each_browser_by_its_name(server):
    cookie = server.register("gadget")
    sign_in_from(server, "gadget", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Firefox/130.0")
    page = html.unescape(ask(server, "/settings", cookie).text)
    assert "Firefox on Linux" in page
    assert "This browser" in page


def test_signing_out_everywhere_else_leaves_this_browser_signed_in(server):
    cookie = server.register("tidy")
    other = sign_in_from(server, "tidy", "")
    answer = post(server, "/settings/devices/sign-out-others", cookie)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/settings#devices"
    assert ask(server, "/moods.json", cookie).status_code == 200
    assert ask(server, "/moods.json", other).status_code == 303


def test_one_browser_is_signed_out_from_another_and_its_page_is_cut_off(server, open_board):
    here = server.register("split")
    there = sign_in_from(server, "split", "Mozilla/5.0 (iPhone) Safari/604.1")
    lost = open_board(server, there)
    lost.await_connection()
    page = open_board(server, here).page
    page.goto(f"{server.url}/settings")
    page.click("li:has-text('Safari on iPhone') button")
    page.wait_for_selector("text=That browser is signed out.")
    lost.page.wait_for_url("**/login*")
    page.reload()
    page.wait_for_selector("#devices")
    assert page.locator("text=That browser is signed out.").count() == 0


def test_an_open_settings_page_is_cut_off_when_its_session_ends(server, open_browser):
    here = server.register("watched")
    page = open_browser(server, sign_in_from(server, "watched", "")).new_page()
    page.goto(f"{server.url}/settings")
    page.wait_for_function("window.did_handshake === true")
    post(server, "/settings/devices/sign-out-others", here)
    page.wait_for_url("**/login*")


def test_nobody_signs_somebody_else_s_browser_out(server):
    victim, other = server.register("victim1"), server.register("attacker1")
    page = ask(server, "/settings", victim).text
    assert page
    for device in ("", "x", "' OR 1", "0" * 10_000):
        answer = post(server, "/settings/devices/sign-out", other, {"device": device})
        assert answer.status_code == 303
    assert ask(server, "/moods.json", victim).status_code == 200


def test_what_is_said_after_a_form_cannot_be_written_by_somebody_else(server):
    cookie = server.register("credulous")
    with httpx.Client(cookies={"moodtracker": cookie}) as browser:
        done = browser.post(f"{server.url}/settings/devices/sign-out-others")
        genuine = done.cookies["moodtracker-said"]
        content, _, seal = genuine.rpartition(".")
        for forged in ("x" + genuine[1:], f"{content}.", f".{seal}", "x", ".", ""):
            browser.cookies.set("moodtracker-said", forged)
            answer = browser.get(f"{server.url}/settings")
            assert answer.status_code == 200
            assert "role': 'status" not in answer.text


def test_what_is_said_to_one_person_is_not_said_to_another(server):
    one, other = server.register("talker"), server.register("listener")
    done = post(server, "/settings/devices/sign-out-others", one)
    said = {"moodtracker-said": done.cookies["moodtracker-said"]}
    for cookie, count in ((one, 1), (other, 0)):
        with httpx.Client(cookies=said | {"moodtracker": cookie}) as browser:
            page = html.unescape(browser.get(f"{server.url}/settings").text)
        assert page.count("Every other browser is signed out.") == count


def test_a_form_s_address_leads_to_its_section_when_it_is_opened(server):
    answer = ask(server, "/settings/devices/sign-out", server.register("reloader"))
    assert answer.headers["location"] == "/settings#devices"


def test_a_settings_form_from_another_site_is_refused(server):
    cookie = server.register("target")
    other = sign_in_from(server, "target", "")
    answer = post(
        server,
        "/settings/devices/sign-out-others",
        cookie,
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert ask(server, "/moods.json", other).status_code == 200


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", ["/settings", "/admin"])
def test_nothing_is_wider_than_the_screen(server, administrator, open_browser, path, width):
    viewport = {"width": width, "height": 700}
    page = open_browser(server, administrator, viewport=viewport).new_page()
    page.goto(f"{server.url}{path}")
    page.wait_for_selector(".sections .card")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_a_mail_server_people_are_told_what_will_not_happen(server):
    page = html.unescape(ask(server, "/settings", server.register("unmailed")).text)
    assert "This board sends no mail" in page
    assert "nobody can have a link to a new password" in page
    answer = httpx.get(f"{server.url}/forgot")
    assert answer.status_code == 503
    assert "moodtracker user reset-password" in answer.text
