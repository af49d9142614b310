"""The checks as a section for the administrator."""

import sqlite3
from contextlib import closing

import pytest

from support.mail_server import MailServer
from support.server import Server


@pytest.fixture(scope="module")
def mail_server():
    running = MailServer().start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def settings(mail_server):
    return mail_server.settings | {
        "OIDC_ISSUER": "http://127.0.0.1:1",
        "OIDC_CLIENT_ID": "mood",
        "TRUSTED_PROXIES": "127.0.0.1",
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory, settings):
    running = Server(tmp_path_factory.mktemp("server"), **settings).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def administrator(server):
    return server.register("founder")


@pytest.fixture
def page(server, administrator, open_browser):
    opened = open_browser(server, administrator).new_page()
    opened.goto(f"{server.url}/admin")
    opened.wait_for_function("window.did_handshake === true")
    return opened


def test_the_administrator_sees_each_finding_with_its_cure(page):
    page.click("text=Look now")
    fault = page.locator(".findings li[data-state=fault]", has_text="sign-in")
    fault.wait_for()
    assert "OIDC_ISSUER" in fault.inner_text()
    proxy = page.locator(".findings li[data-state=warning]", has_text="does not say for whom")
    proxy.wait_for()
    assert "X-Forwarded-For" in proxy.locator(".cure").inner_text()
    page.wait_for_selector(".findings li[data-state=ok]:has-text('lets us in')")


def set_role(server, username, is_administrator):
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db", timeout=30)) as opened:
        opened.execute(
            f"UPDATE users SET administrator = {is_administrator} WHERE username = ?", (username,)
        )
        opened.commit()


def test_an_open_page_does_nothing_for_whoever_is_no_administrator_any_more(
    server, administrator, open_browser
):
    heir = server.register("heir")
    page = open_browser(server, heir).new_page()
    set_role(server, "heir", "true")
    page.goto(f"{server.url}/admin")
    page.wait_for_function("window.did_handshake === true")
    set_role(server, "heir", "false")
    page.click("text=Look now")
    page.wait_for_selector("#checks", state="detached")
    assert page.locator(".findings li").count() == 0


def test_a_test_mail_is_sent_for_real(page, mail_server):
    page.fill("#checks-to", "someone@example.org")
    page.click("#checks form button")
    page.wait_for_selector("text=took a test mail to someone@example.org")
    assert "someone@example.org" in mail_server.recipients()


def test_a_test_mail_that_is_refused_says_why_and_keeps_what_was_typed(page, mail_server):
    mail_server.behaviour.rcpt["gone@example.org"] = "550 5.1.1 nobody here"
    page.fill("#checks-to", "gone@example.org")
    page.click("#checks form button")
    page.wait_for_selector("text=nobody here")
    assert page.input_value("#checks-to") == "gone@example.org"
