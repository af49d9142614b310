"""Signing in with the certified `oidc-provider`, in Chromium."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import text

from moodtracker.accounts import audit, invitations, linking, people
from moodtracker.accounts.audit import Event
from moodtracker.database import Database
from support import axe
from support import provider as there
from support.forging_provider import forging_provider
from support.provider import RealProvider
from support.server import PASSWORD, WAIT_SECONDS, Server

pytestmark = pytest.mark.xdist_group("provider")


@pytest.fixture(scope="module")
def provider():
    made = RealProvider()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(provider, tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server"), **provider.settings)
    provider.start(made.url)
    made.start().register("first")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def database(server):
    opened = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    yield opened
    opened.close()


@pytest.fixture
def open_page(open_browser):
    def open_one(server, path="/login"):
        page = open_browser(server, timezone_id="Europe/Berlin").new_page()
        page.goto(server.url + path)
        return page

    return open_one


def go_there(page, name):
    page.click("text=Sign in with Home")
    there.sign_in(page, name)


def join(page, name):
    """The first sign-in of a new person."""
    go_there(page, name)
    page.wait_for_function("document.getElementById('zone')?.value === 'Europe/Berlin'")
    page.click("text=Start my board")
    page.wait_for_selector("#today-card")


def sign_in_here(page, login):
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_selector("#today-card")


def connect_on_settings(server, page, login):
    """Set out to connect an account that has a password."""
    sign_in_here(page, login)
    page.goto(f"{server.url}/settings")
    page.click("text=Connect with Home")


def ways_in(database, username):
    return linking.ways_in(database, people.find(database, username).id)


def events(database, username):
    return [record.event for record in audit.of(database, people.find(database, username).id)]


def sign_out(page):
    page.click("summary")
    page.click("text=Sign out")


def words(page):
    return page.inner_text("main")


# The first time, and the second


def test_axe_finds_nothing_on_the_pages_on_the_way(server, open_browser):
    server.register("axel")
    page = open_browser(server, bypass_csp=True).new_page()
    page.goto(f"{server.url}/login")
    page.wait_for_selector("h1")
    assert axe.violations(page) == []
    go_there(page, "wrong-axel")
    page.wait_for_selector("#zone")
    assert axe.violations(page) == []
    page.fill("#username", "axel")
    page.select_option("#zone", "UTC")
    page.click("text=Start my board")
    page.wait_for_selector("text=already in use")
    assert axe.violations(page) == []
    page.goto(f"{server.url}/login/provider/back?state=another")
    page.wait_for_selector("h1")
    assert axe.violations(page) == []


def test_a_new_person_confirms_what_the_provider_told_and_has_a_board(server, open_page, database):
    page = open_page(server)
    go_there(page, "nora")
    page.wait_for_function("document.getElementById('zone')?.value === 'Europe/Berlin'")
    assert page.input_value("#first_name") == "Nora"
    assert page.input_value("#last_name") == "Example"
    assert page.input_value("#username") == "nora"
    assert "nora@example.org" in words(page)
    assert page.locator("#password, #email").count() == 0
    page.click("text=Start my board")
    page.wait_for_selector("#today-card")
    nora = people.find(database, "nora")
    assert nora.zone == "Europe/Berlin"
    assert nora.mail_address == "nora@example.org"
    assert ways_in(database, "nora") == linking.WaysIn(by_password=False, by_provider=True)


def test_the_second_time_leads_straight_to_where_they_wanted_to_go(server, open_page):
    join(open_page(server), "otto")
    page = open_page(server, "/?from=bookmark")
    go_there(page, "otto")
    page.wait_for_selector("#today-card")
    assert page.url == f"{server.url}/?from=bookmark"


def test_what_is_wrong_in_the_form_is_said_and_what_was_typed_stays(server, open_page, database):
    server.register("grete")
    page = open_page(server)
    go_there(page, "wrong-grete")
    page.wait_for_selector("#zone")
    page.fill("#username", "grete")
    page.fill("#first_name", "Margarete")
    page.click("text=Start my board")
    page.wait_for_selector("text=already in use")
    assert page.input_value("#first_name") == "Margarete"
    page.fill("#username", "margarete")
    page.click("text=Start my board")
    page.wait_for_selector("#today-card")
    assert ways_in(database, "margarete").by_provider


def test_who_the_provider_tells_nothing_of_is_asked_for_everything(server, open_page, database):
    page = open_page(server)
    go_there(page, "nameless")
    page.wait_for_selector("#zone")
    assert page.input_value("#username") == page.input_value("#first_name") == ""
    page.fill("#first_name", "No")
    page.fill("#username", "noname")
    page.fill("#email", "noname@example.org")
    page.click("text=Start my board")
    page.wait_for_selector("#today-card")
    assert people.find(database, "noname").mail_address is None


# Refused, forged, broken


def test_refused_consent_changes_nothing_and_leaves_a_way_on(server, open_page, database):
    page = open_page(server)
    page.click("text=Sign in with Home")
    page.fill("input[name=login]", "reluctant")
    page.fill("input[name=password]", "anything")
    page.click("button[type=submit]")
    page.click("text=[ Cancel ]")
    page.wait_for_selector("text=You did not let Home say who you are")
    assert people.find(database, "reluctant") is None
    page.click("text=Try again")
    page.wait_for_selector("text=[ Cancel ]")


def test_the_form_is_there_again_when_its_page_is_loaded_anew(server, open_page):
    page = open_page(server, "/?from=bookmark")
    go_there(page, "patient")
    page.wait_for_selector("#zone")
    page.reload()  # as phones do with a page that waited in the background
    page.wait_for_function("document.getElementById('zone')?.value === 'Europe/Berlin'")
    page.click("text=Start my board")
    page.wait_for_selector("#today-card")
    assert page.url == f"{server.url}/?from=bookmark"


def test_an_answer_can_be_used_once(server, open_page):
    page = open_page(server)
    carried = {}

    def remember(request):
        if "/login/provider/back" in request.url:
            carried[request.url] = request.all_headers()["cookie"]

    page.on("requestfinished", remember)
    join(page, "replayed")
    ((answer, cookie),) = carried.items()
    page.context.clear_cookies()
    page.goto(answer)
    assert "took too long, or was done already" in words(page)
    assert page.locator("text=Try again").get_attribute("href") == "/login/provider"
    # Nor does it help who overheard the cookie too: the provider takes a code once.
    replayed = httpx.get(answer, headers={"Cookie": cookie})
    assert replayed.status_code == 400
    assert not any(
        header.startswith("moodtracker=") for header in replayed.headers.get_list("set-cookie")
    )


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?state=x&error=access_denied", "?code"])
def test_an_answer_that_nobody_asked_for_is_a_page_with_a_way_on(server, query):
    answer = httpx.get(f"{server.url}/login/provider/back{query}")
    assert answer.status_code == 400
    assert 'href="/login/provider"' in answer.text
    assert "set-cookie" not in answer.headers


def test_several_tabs_can_be_on_their_way_at_once(server, open_page):
    first = open_page(server, "/?tab=1")
    second = first.context.new_page()
    second.goto(f"{server.url}/?tab=2")
    first.click("text=Sign in with Home")
    second.click("text=Sign in with Home")
    first.wait_for_selector("input[name=login]")
    second.wait_for_selector("input[name=login]")
    there.sign_in(second, "tabs")
    second.wait_for_selector("#zone")
    there.sign_in(first, "tabs", agree=False)  # they just did
    first.wait_for_function("document.getElementById('zone')?.value === 'Europe/Berlin'")
    first.click("text=Start my board")
    first.wait_for_selector("#today-card")
    second.wait_for_function("document.getElementById('zone')?.value === 'Europe/Berlin'")
    second.click("text=Start my board")
    second.wait_for_selector("#today-card")
    assert second.url == f"{server.url}/?tab=2"
    # The first is still signed in: the second found the session there.
    assert first.locator("#today-card").is_visible()


def test_a_browser_carries_few_attempts_however_often_it_sets_out(server):
    with httpx.Client() as browser:
        for _ in range(20):
            answer = browser.get(f"{server.url}/login/provider")
            assert answer.status_code == 303
        assert 2 <= len([name for name in browser.cookies if "-provider-" in name]) <= 5


def test_people_are_sent_back_to_the_public_address_whatever_the_host_header_says(server):
    answer = httpx.get(f"{server.url}/login/provider", headers={"Host": "evil.example"})
    back = parse_qs(urlsplit(answer.headers["location"]).query)["redirect_uri"]
    assert back == [f"{server.url}/login/provider/back"]


def test_the_cookie_of_an_attempt_is_out_of_reach_for_scripts_and_short_lived(server):
    header = httpx.get(f"{server.url}/login/provider").headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=lax" in header
    assert int(re.search(r"max-age=(\d+)", header)[1]) <= 1200


FORGED = {
    "wrong nonce": {"nonce": "another"},
    "wrong audience": {"aud": "another-app"},
    "expired": {"exp": 1},
}


def test_a_forged_answer_is_a_page_with_a_way_on_and_signs_nobody_in(make_server, open_page):
    with forging_provider() as forger:
        server = make_server(**forger.settings).start()
        for claims in FORGED.values():
            forger.claims = claims
            page = open_page(server, "/login/provider")
            page.wait_for_selector("text=What came back from Home does not hold")
            assert not [c for c in page.context.cookies() if c["name"] == "moodtracker"]
            assert page.locator("text=Try again").get_attribute("href") == "/login/provider"
        assert "Traceback" not in server.log
        # The same browser gets in once the provider speaks the truth.
        forger.claims = {}
        page.click("text=Try again")
        page.wait_for_selector("#zone")


# An account that was there before


def test_who_has_a_board_connects_it_by_its_password(server, open_page, database):
    server.register("ada")
    page = open_page(server)
    go_there(page, "ada")
    page.wait_for_selector("text=Is this your board?")
    assert not ways_in(database, "ada").by_provider
    page.fill("#password", "not the password")
    page.click("text=Yes, connect it")
    page.wait_for_selector("text=That is not the password")
    assert not ways_in(database, "ada").by_provider
    page.fill("#password", PASSWORD)
    page.click("text=Yes, connect it")
    page.wait_for_selector("#today-card")
    assert ways_in(database, "ada") == linking.WaysIn(by_password=True, by_provider=True)
    assert Event.PROVIDER_LINKED in events(database, "ada")

    again = open_page(server)
    go_there(again, "ada")
    again.wait_for_selector("#today-card")


def test_a_right_password_that_connects_nothing_leaves_no_session_behind(
    server, open_page, database
):
    server.register("late")
    page = open_page(server)
    go_there(page, "late")
    page.wait_for_selector("text=Is this your board?")
    with database.write() as session:  # in another tab, meanwhile
        session.execute(
            text("UPDATE users SET oidc_issuer = :issuer, oidc_subject = :subject WHERE id = :id"),
            identity_in(page) | {"id": people.find(database, "first").id},
        )
    before = sessions_of(database, "late")
    page.fill("#password", PASSWORD)
    page.click("text=Yes, connect it")
    page.wait_for_selector("text=That is somebody else")
    assert sessions_of(database, "late") == before
    assert not ways_in(database, "late").by_provider


def identity_in(page):
    """Who somebody is at the provider, as the form carries it, sealed but not hidden."""
    ticket = page.input_value("input[name=ticket]")
    _, content = URLSafeSerializer("any key").loads_unsafe(ticket)
    return {name: content["identity"][name] for name in ("issuer", "subject")}


def sessions_of(database, username):
    with database.read() as session:
        return session.scalar(
            text("SELECT count(*) FROM sessions WHERE user_id = :id"),
            {"id": people.find(database, username).id},
        )


def test_too_many_wrong_passwords_on_the_way_are_told_when_to_come_again(server, open_page):
    server.register("hasty")
    page = open_page(server)
    go_there(page, "hasty")
    page.wait_for_selector("text=Is this your board?")
    for _ in range(5):
        page.fill("#password", "not the password")
        page.click("text=Yes, connect it")
        page.wait_for_selector("text=That is not the password")
    page.fill("#password", "not the password")
    with page.expect_response("**/login/provider/connect") as answer:
        page.click("text=Yes, connect it")
    assert answer.value.status == 429
    assert int(answer.value.headers["retry-after"]) > 0


def test_an_unverified_address_leads_to_no_account(server, open_page, database):
    server.register("eve")
    page = open_page(server)
    go_there(page, "unsure-eve")
    page.wait_for_selector("#zone")
    assert page.input_value("#email") == "eve@example.org"
    assert page.locator("#password").count() == 0
    page.wait_for_function("document.getElementById('zone').value === 'Europe/Berlin'")
    page.fill("#username", "second-eve")
    page.click("text=Start my board")
    page.wait_for_selector("#today-card")
    assert not ways_in(database, "eve").by_provider
    assert people.find(database, "second-eve").mail_address is None


def test_a_forged_form_connects_and_makes_nothing(server, database):
    server.register("prey")
    for path in ("join", "connect"):
        for ticket in ("", "forged", "e30.forged"):
            answer = httpx.post(
                f"{server.url}/login/provider/{path}",
                data={"ticket": ticket, "password": PASSWORD, "first_name": "x"},
            )
            assert answer.status_code == 400
            assert "set-cookie" not in answer.headers
    assert not ways_in(database, "prey").by_provider


def test_connecting_and_disconnecting_on_the_settings_page(server, open_page, database):
    server.register("lina")
    page = open_page(server)
    connect_on_settings(server, page, "lina")
    there.sign_in(page, "lina")
    page.wait_for_selector("text=You can sign in here with Home.")
    assert ways_in(database, "lina").by_provider
    page.click("text=Disconnect from Home")
    page.wait_for_selector("text=no longer connected")
    assert not ways_in(database, "lina").by_provider
    assert Event.PROVIDER_LINKED in events(database, "lina")
    assert Event.PROVIDER_UNLINKED in events(database, "lina")


def test_an_account_with_another_address_is_not_connected(server, open_page, database):
    server.register("milo")
    page = open_page(server)
    connect_on_settings(server, page, "milo")
    there.sign_in(page, "somebody-else")
    page.wait_for_selector("text=That is another address")
    assert not ways_in(database, "milo").by_provider
    page.click("text=To your settings")
    page.wait_for_selector("text=Connect with Home")


def test_a_link_that_was_begun_by_another_person_is_not_finished(server, open_page, database):
    server.register("pia")
    server.register("quin")
    page = open_page(server)
    connect_on_settings(server, page, "pia")
    page.wait_for_selector("input[name=login]")
    other = page.context.new_page()
    other.goto(server.url)
    sign_out(other)
    other.wait_for_selector("#login")
    sign_in_here(other, "quin")
    there.sign_in(page, "quin")
    page.wait_for_selector("text=took too long, or was done already")
    assert not ways_in(database, "quin").by_provider


def test_a_person_without_a_password_cannot_disconnect(server, open_page, database):
    page = open_page(server)
    join(page, "rosa")
    page.goto(f"{server.url}/settings")
    page.wait_for_selector("text=It is your only way in")
    assert page.locator("text=Disconnect").count() == 0
    answer = page.request.post(f"{server.url}/settings/provider/disconnect")
    assert answer.status == 422
    assert ways_in(database, "rosa").by_provider


# Signing out


def test_signing_out_here_signs_out_there(server, open_page):
    page = open_page(server)
    join(page, "theo")
    sign_out(page)
    page.click("text=Yes, sign me out")
    page.wait_for_selector("text=You are signed out")
    assert page.url.startswith(f"{server.url}/signed-out")
    page.click("text=Sign in again")
    page.click("text=Sign in with Home")
    page.wait_for_selector("input[name=login]")  # the provider does not know them any more


def test_who_came_by_password_is_not_sent_to_the_provider_to_sign_out(server, open_page):
    server.register("uma")
    page = open_page(server)
    sign_in_here(page, "uma")
    sign_out(page)
    page.wait_for_selector("#login")
    assert page.url == f"{server.url}/login"


def test_signing_out_there_signs_out_here_and_sends_open_pages_away(server, provider, open_page):
    board = open_page(server)
    join(board, "tilda")
    elsewhere = open_page(server)
    go_there(elsewhere, "tilda")
    elsewhere.wait_for_selector("#today-card")
    at_the_provider = board.context.new_page()
    at_the_provider.goto(f"{provider.issuer}/session/end")
    at_the_provider.click("text=Yes, sign me out")
    board.wait_for_selector("#login")
    # Another browser has a session of its own there, and keeps it here.
    elsewhere.reload()
    elsewhere.wait_for_selector("#today-card")


@pytest.mark.parametrize("token", ["", "forged", "e30.e30.e30"])
def test_a_sign_out_that_the_provider_did_not_tell_is_refused(server, token):
    answer = httpx.post(f"{server.url}/login/provider/ended", data={"logout_token": token})
    assert answer.status_code == 400


# Proving it is them without a password


def test_a_person_without_a_password_proves_anew_at_the_provider_that_it_is_them(
    server, open_page, database
):
    page = open_page(server)
    join(page, "vera")
    page.goto(f"{server.url}/settings")
    assert page.request.post(f"{server.url}/settings/leave").status == 422
    page.click("#leave >> text=Go to Home")
    page.wait_for_selector("input[name=login]")  # although the provider knows them
    page.fill("input[name=login]", "vera")
    page.fill("input[name=password]", "anything")
    page.click("button[type=submit]")
    page.click("text=Delete my account")
    page.wait_for_selector("text=Your account is deleted")
    assert people.find(database, "vera") is None


# A provider that is not there


def test_while_the_provider_is_down_people_are_told_and_passwords_work(make_server, open_page):
    down = RealProvider()
    server = make_server(REGISTRATION="invite", **down.settings).start()
    server.register("wim")
    page = open_page(server)
    page.click("text=Sign in with Home")
    page.wait_for_selector("text=It does not answer just now")
    page.click("text=Sign in with your password")
    connect_on_settings(server, page, "wim")
    page.wait_for_selector("text=It does not answer just now")
    assert httpx.get(f"{server.url}/login/provider").status_code == 503
    assert "Traceback" not in server.log

    # Once it is back, so is the way in, and the rules of registration hold there too.
    try:
        down.start(server.url)
        deadline = time.monotonic() + WAIT_SECONDS
        while httpx.get(f"{server.url}/login/provider").status_code == 503:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        page = open_page(server)
        go_there(page, "yves")
        page.wait_for_selector("text=There is no board for you here yet")
        assert page.locator("#zone").count() == 0
        database = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
        page.goto(f"{server.url}/register?invitation={invitations.make(database, None)}")
        database.close()
        page.click("text=Sign in with Home")
        page.wait_for_function("document.getElementById('zone')?.value === 'Europe/Berlin'")
        page.click("text=Start my board")
        page.wait_for_selector("#today-card")
    finally:
        down.stop()


# The provider alone


@pytest.fixture
def alone(make_server):
    """A server without passwords, below a sub-path, and its provider."""
    provider = RealProvider()
    server = make_server(OIDC_ONLY="true", **provider.settings)
    server.settings["BASE_URL"] = f"{server.url}/mood"
    provider.start(f"{server.url}/mood")
    yield server.start()
    provider.stop()


def test_below_a_sub_path_and_without_passwords_people_go_straight_there_and_not_round(
    alone, open_page
):
    page = open_page(alone, "/mood/?from=bookmark")
    there.sign_in(page, "xenia")
    page.wait_for_function("document.getElementById('zone')?.value === 'Europe/Berlin'")
    page.click("text=Start my board")
    page.wait_for_selector("#today-card")
    assert page.url == f"{alone.url}/mood/?from=bookmark"
    other = page.context.new_page()
    other.goto(f"{alone.url}/mood/")
    other.wait_for_selector("#today-card")
    sign_out(page)
    page.click("text=Yes, sign me out")
    page.wait_for_selector("text=You are signed out")
    other.wait_for_selector("text=You are signed out")
    page.wait_for_timeout(500)
    assert urlsplit(page.url).path == "/mood/signed-out"
    page.click("text=Sign in with Home")
    page.wait_for_selector("input[name=login]")

    for path, form in (("/login", {"login": "xenia", "password": PASSWORD}), ("/register", {})):
        address = f"{alone.url}/mood{path}"
        assert httpx.get(address).headers["location"].startswith("/mood/login/provider")
        assert httpx.post(address, data=form).status_code == 403
