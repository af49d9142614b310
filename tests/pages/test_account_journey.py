"""The way of an account, from joining to leaving, in a browser and with real mails."""

import io
import re
import time
import zipfile

import pytest

from support.board_page import DESKTOP, PHONE
from support.server import PASSWORD, WAIT_SECONDS

SECOND, THIRD = "tulips grow on mars", "seven owls read the news"


@pytest.fixture
def mailing(make_server, mail_server):
    """A server whose mails arrive, and whose passwords are hashed as they really are."""
    return make_server(
        REGISTRATION="first",
        PASSWORD_MEMORY_KIB="65536",
        PASSWORD_PASSES="3",
        PASSWORD_LANES="4",
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(mail_server.port),
        SMTP_SECURITY="none",
        MAIL_FROM="Moodtracker <mood@example.org>",
    ).start()


def await_mail(mail_server, subject):
    """The mail with these words in its subject, once it is there."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for recipient, message in mail_server.taken:
            if subject in message["Subject"]:
                return recipient, message.get_body(["plain"]).get_content()
        time.sleep(0.1)
    pytest.fail(f"no mail about {subject!r} but {[m['Subject'] for _, m in mail_server.taken]}")


def link_in(text):
    return re.search(r"http://localhost:\d+/\S+", text)[0]


def sign_in(page, server, password):
    page.goto(f"{server.url}/login")
    page.fill("#login", "ada")
    page.fill("#password", password)
    page.click("button[type=submit]")
    page.wait_for_selector("#today-card")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_account_from_joining_to_leaving(mailing, mail_server, open_browser, viewport):
    server = mailing
    page = open_browser(server, viewport=viewport, accept_downloads=True).new_page()

    # Joining; the address is confirmed by the link that was mailed.
    page.goto(server.url)
    page.fill("#first_name", "Ada")
    page.fill("#username", "ada")
    page.fill("#email", "ada@example.org")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("#today-card")
    page.goto(f"{server.url}/settings")
    page.wait_for_selector("text=A link was sent to ada@example.org")
    recipient, text = await_mail(mail_server, "Please confirm your address")
    assert recipient == "ada@example.org"
    page.goto(link_in(text))
    page.wait_for_selector("text=Is this your address?")
    page.wait_for_selector("text=ada@example.org was entered for the account ada.")
    page.click("text=Confirm this address")
    page.wait_for_selector("text=Your address is confirmed")
    page.goto(f"{server.url}/settings")
    page.wait_for_selector("text=It is confirmed.")

    # A wrong password is said at its field; the right one gives a new one, and ends the others.
    other = open_browser(server).new_page()
    sign_in(other, server, PASSWORD)
    other.wait_for_function("window.did_handshake === true")
    page.fill("#password-password", "not my password")
    page.fill("#password-new", SECOND)
    page.click("text=Change my password")
    page.wait_for_selector("text=That is not your password")
    page.fill("#password-password", PASSWORD)
    page.fill("#password-new", SECOND)
    page.click("text=Change my password")
    page.wait_for_selector("text=Your password is changed")
    other.wait_for_url("**/login*")
    assert await_mail(mail_server, "Your password was changed")[0] == "ada@example.org"

    # Where they are signed in; signed out there, from here.
    sign_in(other, server, SECOND)
    other.wait_for_function("window.did_handshake === true")
    page.reload()
    page.click("text=Sign out everywhere else")
    page.wait_for_selector("text=Every other browser is signed out.")
    other.wait_for_url("**/login*")

    # Forgotten, and chosen anew by the link; wherever they were signed in, they are not any more.
    other.goto(f"{server.url}/login")
    other.click("text=Choose a new one")
    other.fill("#login", "ada@example.org")
    other.click("text=Send me a link")
    other.wait_for_selector("text=Please look into your mail")
    page.wait_for_function("window.did_handshake === true")
    _, text = await_mail(mail_server, "Choose a new password")
    other.goto(link_in(text))
    other.fill("#password", THIRD)
    other.click("text=Use this password")
    other.wait_for_selector("#today-card")
    page.wait_for_url("**/login*")
    other.goto(link_in(text))
    other.wait_for_selector("text=This link does not work any more")

    # Everything in one file, and then goodbye.
    other.goto(f"{server.url}/settings#leave")
    with other.expect_download() as download:
        other.click("text=First download everything")
    packed = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert "account.json" in packed.namelist()
    other.fill("#leave-password", THIRD)
    other.click("text=Delete my account")
    other.wait_for_selector("text=Your account is deleted")
    assert await_mail(mail_server, "Your account is deleted")[0] == "ada@example.org"
    assert server.command("user", "list").stdout == ""
    said = server.settled_log()
    for secret in (PASSWORD, SECOND, THIRD, "ada@example.org", "token", "Traceback"):
        assert secret not in said
