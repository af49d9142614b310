"""Notes and the year-end mail: the question on the board, and what is only on the server."""

import httpx
import pytest
from sqlalchemy import text

from moodtracker.database import Database
from support.mail_server import MailServer
from support.sealing import SMALL, is_downloaded, seal
from support.server import Server

QUESTION = "Include your notes in the year-end email?"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    post = MailServer().start()
    made = Server(tmp_path_factory.mktemp("november"), **post.settings)
    made.set_clock(2026, 11, 24, 12)
    yield made.start()
    made.stop()
    post.stop()


@pytest.fixture(scope="module")
def database(server):
    opened = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    yield opened
    opened.close()


def say(database, username, **values):
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    with database.write() as session:
        session.execute(
            text(f"UPDATE users SET {assignments} WHERE username = :of"), values | {"of": username}
        )


def wants_notes(database, username):
    with database.read() as session:
        asked = text("SELECT notes_in_mail FROM users WHERE username = :of")
        return bool(session.scalar(asked, {"of": username}))


def is_asked(server, cookie):
    page = httpx.get(server.url, cookies={"moodtracker": cookie})
    assert page.status_code == 200
    return QUESTION in page.text


def write_note(board):
    board.pick(4)
    board.await_moods("Good")
    board.page.click("[data-note]")
    board.page.fill("#note-text", "between us")
    board.page.click("#note-form .primary")
    board.page.wait_for_selector("#note-1:has-text('between us')")


@pytest.mark.parametrize(
    ("answer", "wanted"), [("Include my notes", True), ("Leave them out", False)]
)
def test_the_first_note_asks_on_every_open_page_and_an_answer_ends_it(
    server, database, open_board, answer, wanted
):
    name = f"noter{answer[0].lower()}"
    cookie = server.register(name)
    board, other = open_board(server, cookie), open_board(server, cookie)
    other.await_connection()
    assert board.page.is_hidden("#notes-question")
    write_note(board)
    for page in (board.page, other.page):
        page.get_by_role("heading", name=QUESTION).wait_for()
    board.page.get_by_role("button", name=answer).click()
    for page in (board.page, other.page):
        page.wait_for_selector("#notes-question", state="hidden")
    assert board.page.url.rstrip("/") == server.url
    board.page.get_by_text("between us").wait_for()
    assert wants_notes(database, name) is wanted
    assert not is_asked(server, cookie)


def test_the_question_stays_until_it_is_answered_here_or_in_the_settings(
    server, database, open_board
):
    cookie = server.register("patient")
    write_note(open_board(server, cookie))
    assert is_asked(server, cookie)
    answer = httpx.post(f"{server.url}/settings/notes", cookies={"moodtracker": cookie})
    assert answer.status_code == 303
    assert not is_asked(server, cookie)


def test_in_december_it_is_asked_again_of_who_said_no(server, database):
    cookie = server.register("december")
    try:
        say(database, "december", noted_year=2026, notes_answered_at="2026-11-30 23:59:00")
        assert not is_asked(server, cookie)
        server.set_clock(2026, 12, 1, 0, 1)
        assert is_asked(server, cookie)
        httpx.post(
            f"{server.url}/settings/notes/answer",
            data={"include": "no"},
            cookies={"moodtracker": cookie},
        )
        assert not is_asked(server, cookie)
    finally:
        server.set_clock(2026, 11, 24, 12)


@pytest.mark.parametrize(
    "values",
    [
        {"year_end_mail": False},
        {"notes_in_mail": True},
        {"noted_year": None},
        {"noted_year": 2025},
    ],
)
def test_who_has_nothing_to_decide_is_not_asked(server, database, values):
    name = "calm" + "".join(filter(str.isalpha, str(values))).lower()[:20] + str(len(str(values)))
    cookie = server.register(name)
    say(database, name, **({"noted_year": 2026} | values))
    assert not is_asked(server, cookie)


def test_an_answer_that_is_none_changes_nothing(server, database):
    cookie = server.register("forger")
    for given in ({}, {"include": "maybe"}):
        answer = httpx.post(
            f"{server.url}/settings/notes/answer", data=given, cookies={"moodtracker": cookie}
        )
        assert answer.status_code == 422
    assert not wants_notes(database, "forger")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("sent", "It was mailed to"),
        ("pending", "It is on its way to"),
        ("held", "It could not be delivered to"),
        ("opted_out", "It is not mailed, as you wish."),
    ],
)
def test_the_board_says_how_many_notes_are_only_here_and_one_button_downloads_all(
    server, database, open_board, state, words
):
    name = f"keeper{state.replace('_', '')}"
    cookie = server.register(name)
    say(database, name, year_end_mail=state != "opted_out")
    sent_at = server.now() if state == "sent" else None
    seal(database, name, SMALL, state=state, sent_at=sent_at, refused_email=f"{name}@example.org")
    card = open_board(server, cookie).page.locator("#closed-year")
    card.get_by_text(words).wait_for()
    said = card.inner_text()
    assert "Your note of that year is only here, in no email." in said
    assert "Download everything by 31 December 2026" in said
    with card.page.expect_download() as download:
        card.get_by_role("link", name="Download everything").click()
    assert download.value.suggested_filename == "moodtracker-2025.zip"
    card.get_by_text("only here").wait_for(state="detached")
    assert is_downloaded(database, name)


def test_who_deletes_a_year_by_hand_is_told_how_many_notes_go(server, database):
    cookie = server.register("tidy")
    say(database, "tidy", year_end_mail=False)
    seal(database, "tidy", SMALL, state="opted_out")
    page = httpx.get(f"{server.url}/settings", cookies={"moodtracker": cookie})
    assert "1 note goes with it, and is nowhere else." in page.text
    erased = httpx.post(
        f"{server.url}/settings/year-end/erase",
        data={"year": "2025"},
        cookies={"moodtracker": cookie},
    )
    assert erased.status_code == 303
    gone = httpx.get(f"{server.url}/moods.csv?year=2025", cookies={"moodtracker": cookie})
    assert gone.status_code == 404


def test_without_a_mail_server_nobody_is_asked_and_no_mail_is_promised(make_server, open_board):
    server = make_server()
    server.set_clock(2026, 11, 24, 12)
    server.start()
    cookie = server.register("alone")
    opened = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    say(opened, "alone", noted_year=2026)
    assert not is_asked(server, cookie)
    seal(opened, "alone", SMALL, state="pending")
    card = open_board(server, cookie).page.locator("#closed-year")
    card.get_by_text("It is not mailed, since no mail server is set here.").wait_for()
    assert "Your note of that year is only here" in card.inner_text()
    opened.close()
