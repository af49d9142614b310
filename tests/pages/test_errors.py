"""When something goes wrong: plain words, and no trace."""

import sqlite3
from contextlib import closing

import httpx
import pytest

from pages import errors
from support.loops import run
from support.open_page import OpenPage

SECRETS = ("Traceback", "sqlite", "Operational", "Exception", ".py", "nicegui", "SELECT")


@pytest.mark.parametrize("path", ["/", "/moods.csv", "/login"])
def test_a_request_that_fails_is_answered_without_a_trace(server, path):
    cookie = server.register(f"unlucky{len(path)}")
    table = "sessions" if path == "/login" else "entries"
    file = server.folder / "data" / "moodtracker.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO gone")
        try:
            answer = httpx.get(f"{server.url}{path}", cookies={"moodtracker": cookie})
        finally:
            database.execute(f"ALTER TABLE gone RENAME TO {table}")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["content-security-policy"]
    assert not [secret for secret in SECRETS if secret in answer.text]
    assert "gone" not in server.settled_log()


def test_what_fails_on_an_open_page_is_said_there_and_saved_later(server):
    cookie = server.register("patient")
    page = OpenPage(server, cookie)
    file = server.folder / "data" / "moodtracker.db"
    with closing(sqlite3.connect(file)) as database, page.connected() as socket:
        database.execute("ALTER TABLE entries RENAME TO gone")
        try:
            socket.event("tap", page.tap(4))
            socket.await_words("Not saved yet")
        finally:
            database.execute("ALTER TABLE gone RENAME TO entries")
    assert "Traceback" not in server.settled_log()


def test_nicegui_s_own_error_page_is_replaced():
    """It is what NiceGUI sends where a page takes too long; it tells of its parameters."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.disconnect"}

    async def nicegui(scope, receive, send):
        headers = [(b"x-nicegui-content", b"page")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        words = b"The page took longer than the response_timeout of 3.0 seconds to build."
        await send({"type": "http.response.body", "body": words})

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    run(errors.told_plainly(nicegui, scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert b"Something went wrong" in sent[1]["body"]
    assert b"response_timeout" not in sent[1]["body"]
