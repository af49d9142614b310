"""The year's end as people and administrators see it, on a server where it is December."""

import re
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from moodtracker.database import Database
from moodtracker.mail.unsubscribe import Unsubscribing
from moodtracker.secret import Secret
from support.mail_server import MailServer
from support.server import ROOT, WAIT_SECONDS, Server


@pytest.fixture(scope="module")
def post_office():
    running = MailServer().start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, post_office):
    made = Server(
        tmp_path_factory.mktemp("december"),
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(post_office.port),
        SMTP_SECURITY="none",
        MAIL_FROM="mood@example.org",
    )
    made.set_clock(2026, 12, 30, 12)
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def administrator(server):
    return server.register("founder")


@pytest.fixture(scope="module")
def database(server):
    opened = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _somebody_administers(administrator):
    pass


def browser(server, cookie):
    return httpx.Client(
        base_url=server.url, cookies={"moodtracker": cookie}, follow_redirects=True, timeout=60
    )


def wants_mail(database, username):
    with database.read() as session:
        return session.scalar(
            text("SELECT year_end_mail FROM users WHERE username = :name"), {"name": username}
        )


def await_mail(post_office, recipient):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for to, message in post_office.taken:
            if to == recipient and "Rehearsal" in message["Subject"]:
                return message
        time.sleep(0.1)
    pytest.fail(f"no mail for {recipient}")


def seal_a_year(database, username, state, **more):
    """Let a closed year of this person's stand there, as the close would have left it."""
    now = datetime.now(UTC)
    values = {"state": state, "now": now, "due": now + timedelta(days=400), "error": None} | more
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO sealed_years (user_id, year, zone, moods, state, sealed_at, due_at, "
                "next_try_at, message_id, attempts, last_error, refused_email) SELECT id, 2025, "
                "'UTC', '[[\"2025-12-31\", 1, 4, \"2025-12-31T12:00:00+00:00\"]]', :state, :now, "
                ":due, :due, '<x@y>', 1, :error, email FROM users WHERE username = :name"
            ),
            values | {"name": username},
        )


def test_a_link_in_the_mail_stops_it_when_pressed_and_does_nothing_when_opened(
    server, administrator, database
):
    server.register("stopper")
    with database.read() as session:
        user_id = session.scalar(text("SELECT id FROM users WHERE username = 'stopper'"))
    key = (server.folder / "data" / "secret_key").read_text().strip()
    address = Unsubscribing(Secret(key), server.url).address(user_id)

    asked = httpx.get(address)
    assert asked.status_code == 200
    assert "Stop these mails" in asked.text
    assert wants_mail(database, "stopper")
    # A mail program's own button: no cookie, no origin (RFC 8058, 3.2).
    pressed = httpx.post(address, data={"List-Unsubscribe": "One-Click"})
    assert pressed.status_code == 200
    assert not wants_mail(database, "stopper")
    assert httpx.post(address).status_code == 200, "pressing it again is no error"
    assert f"of={user_id}." not in server.settled_log(), "no link stands in the log"


@pytest.mark.parametrize("token", ["", "1", "1.", "1.wrong", "x.y", "99999999999.a", "-1.a"])
def test_a_link_that_is_none_of_ours_stops_nothing(server, database, token):
    for ask in (httpx.get, httpx.post):
        assert ask(f"{server.url}/unsubscribe", params={"of": token}).status_code == 404
    assert wants_mail(database, "founder")


def test_a_person_takes_the_mail_back_and_wants_it_again(server, database):
    with browser(server, server.register("waverer")) as page:
        said = page.post("/settings/year-end/mail", data={"mail": "no"})
        assert "Your year will not be mailed." in said.text
        assert not wants_mail(database, "waverer")
        page.post("/settings/year-end/mail", data={"mail": "yes"})
        assert wants_mail(database, "waverer")


def test_a_person_sees_the_mail_before_and_has_it_sent_at_once(server, post_office):
    with browser(server, server.register("curious")) as page:
        preview = page.get("/year-end/preview")
        assert "Curious, here is your 2026 so far" in preview.text
        assert 'src="/board.png"' in preview.text
        said = page.post("/settings/year-end/send")
        assert "It is on its way to curious@example.org." in said.text
        message = await_mail(post_office, "curious@example.org")
        assert message["Subject"] == "Rehearsal: your 2026 so far"


def test_in_december_who_has_no_verified_address_is_told_so(server, open_board, database):
    cookie = server.register("stranger")
    board = open_board(server, cookie)
    assert board.page.locator("#closed-year").is_hidden()
    with database.write() as session:
        session.execute(
            text("UPDATE users SET email_verified_at = NULL WHERE username = 'stranger'")
        )
    board.page.reload()
    card = board.page.locator("#closed-year")
    card.get_by_text("Your 2026 is nearly complete").wait_for()
    assert "a mail address that you have verified" in card.inner_text()


def test_a_held_year_is_shown_with_its_reason_downloaded_tried_again_and_erased(
    server, open_board, database
):
    cookie = server.register("unlucky")
    seal_a_year(database, "unlucky", "held", error="550 5.1.1 no such person")
    board = open_board(server, cookie)
    card = board.page.locator("#closed-year")
    card.get_by_text("Your 2025 is complete").wait_for()
    assert "could not be delivered to unlucky@example.org" in card.inner_text()
    with browser(server, cookie) as page:
        assert "2025-12-31" in page.get("/moods.csv?year=2025").text
        shown = page.get("/settings").text
        assert "550 5.1.1 no such person" in shown
        assert "You have a copy" in shown
        page.post("/settings/year-end/again", data={"year": "2025"})
        with database.read() as session:
            state = text(
                "SELECT state FROM sealed_years JOIN users ON id = user_id "
                "WHERE username = 'unlucky'"
            )
            assert session.scalar(state) != "held"
        said = page.post("/settings/year-end/erase", data={"year": "2025"})
        assert "Your 2025 is erased." in said.text
        assert page.get("/moods.csv?year=2025").status_code == 404
        assert page.post("/settings/year-end/erase", data={"year": "x"}).status_code == 422


def test_an_administrator_rehearses_and_sees_who_would_get_no_mail(server, administrator, database):
    server.register("silent")
    with database.write() as session:
        session.execute(text("UPDATE users SET email_verified_at = NULL WHERE username = 'silent'"))
    with browser(server, administrator) as page:
        said = page.post("/admin/year-end/rehearse")
        assert re.search(r"\d+ mails were made", said.text)
        assert re.search(r"Address not verified: [^.]*silent", said.text)
        assert "The mail server lets us in. Nothing was sent." in said.text


def test_a_rehearsal_tries_the_sender_that_boards_come_back_to(make_server, mail_server):
    mail_server.behaviour.mail_by["bounce+"] = "550 5.7.1 not owned by mood@example.org"
    strict = make_server(**mail_server.settings, BOUNCE_ADDRESS="bounce@example.org").start()
    with browser(strict, strict.register("founder")) as page:
        said = page.post("/admin/year-end/rehearse")
        assert "550 5.7.1 not owned by mood@example.org" in said.text


def test_an_administrator_marks_a_board_that_came_back_to_their_own_mailbox(
    server, administrator, database
):
    cookies = {name: server.register(name) for name in ("returned", "pasted")}
    for name in cookies:
        seal_a_year(database, name, "sent")
    with database.write() as session:
        of_pasted = "user_id = (SELECT id FROM users WHERE username = 'pasted')"
        session.execute(text(f"UPDATE sealed_years SET message_id = '<p@y>' WHERE {of_pasted}"))
    report = (ROOT / "tests" / "fixtures" / "bounces" / "google.eml").read_text()
    report = report.replace("MESSAGE_ID", "<p@y>").replace("RECIPIENT", "pasted@example.org")
    with browser(server, administrator) as page:
        form = "/admin/year-end/bounce"
        assert page.post(form, data={"returned": "", "whose": "nobody"}).status_code == 422
        words = {"returned": "550 no such user", "whose": "returned"}
        for given in (words, {"returned": report, "whose": ""}):
            said = page.post(form, data=given)
            assert "The board is marked as not delivered" in said.text
    for name, reason in (("returned", "550 no such user"), ("pasted", "550-5.1.1 The email")):
        with browser(server, cookies[name]) as page:
            assert f"could not be delivered to {name}@example.org" in page.get("/").text
            assert reason in page.get("/settings").text


@pytest.mark.parametrize("kilobytes", [85, 130, 512])
def test_the_whole_of_a_returned_mail_may_be_pasted(server, administrator, database, kilobytes):
    name = f"whole{kilobytes}"
    server.register(name)
    seal_a_year(database, name, "sent")
    with database.write() as session:
        whose = "user_id = (SELECT id FROM users WHERE username = :name)"
        session.execute(
            text(f"UPDATE sealed_years SET message_id = :id WHERE {whose}"),
            {"name": name, "id": f"<{name}@y>"},
        )
    report = (ROOT / "tests" / "fixtures" / "bounces" / "google.eml").read_text()
    report = report.replace("MESSAGE_ID", f"<{name}@y>").replace("RECIPIENT", f"{name}@example.org")
    line = "+/" * 38 + "\r\n"  # of base64, of which each letter is sent as three
    picture = (line * (kilobytes * 1024 // len(line)))[len(report) + 1000 :]
    head, boundary, tail = report.rpartition("--")[0].rpartition("\n--")
    with browser(server, administrator) as page:
        given = {"returned": f"{head}\n{picture}{boundary}{tail}--\n", "whose": ""}
        said = page.post("/admin/year-end/bounce", data=given)
        assert "The board is marked as not delivered" in said.text


def test_nobody_else_s_form_and_no_other_one_may_be_that_large(server, administrator):
    large = {"returned": "x" * 100_000, "whose": "nobody"}
    with browser(server, administrator) as page:
        assert page.post("/admin/year-end/bounce", data=large).status_code == 422
        assert page.post("/admin/year-end/rehearse", data=large).status_code == 413
        much = {"returned": "x" * 1_600_000, "whose": "nobody"}
        assert page.post("/admin/year-end/bounce", data=much).status_code == 413
    with browser(server, server.register("guest")) as page:
        assert page.post("/admin/year-end/bounce", data=large).status_code == 413
    with browser(server, "forged") as page:  # nobody: led to the sign-in, and nothing is read
        assert page.post("/admin/year-end/bounce", data=large).url.path == "/login"


def test_an_administrator_confirms_a_clock_that_jumped(server, administrator, database):
    with database.write() as session:
        session.execute(
            text("UPDATE installation SET doubted_at = seen_at, seen_at = :long_ago"),
            {"long_ago": datetime(2025, 1, 1, tzinfo=UTC)},
        )
    with browser(server, administrator) as page:
        assert "until you confirm it" in page.get("/admin").text
        assert "not sure what day it is" in page.get("/").text
        page.post("/admin/year-end/confirm-clock")
        assert "until you confirm it" not in page.get("/admin").text
