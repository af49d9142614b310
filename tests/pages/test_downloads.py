"""A closed year counts as downloaded when all of it has gone out whole, and at no other time."""

import io
import socket
import zipfile
from contextlib import contextmanager

import httpx
import pytest

from moodtracker.database import Database
from support.sealing import LARGE, SMALL, is_downloaded, seal
from support.server import WAIT_SECONDS
from support.waiting import await_that

YEARS = pytest.mark.parametrize("moods", [SMALL, LARGE], ids=["small", "large"])
WHOLE_FILES = pytest.mark.parametrize("path", ["/moods.csv", "/moods.json", "/moods.zip"])
TAKEOUT = "/settings/everything"


@pytest.fixture(scope="module")
def ada(server):
    return server.register("ada")


@pytest.fixture(scope="module")
def database(server):
    opened = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
    yield opened
    opened.close()


@pytest.fixture
def answered(server):
    """Waits until so many more answers are over, which the log tells."""
    server.settled_log()  # with what was asked before
    before = answers(server)

    def wait(count=1):
        await_that(lambda: answers(server) >= before + count)

    return wait


def answers(server):
    return server.log.count(" ms")


@contextmanager
def asking(server, cookie, path, *headers, method="GET", version="1.1"):
    """A connection on which a closed year was asked for, and whose buffers are small."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(WAIT_SECONDS)
        connection.connect(("127.0.0.1", server.port))
        head = [
            f"{method} {path} HTTP/{version}",
            f"Host: localhost:{server.port}",
            f"Cookie: moodtracker={cookie}",
            *headers,
        ]
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        yield connection


def read_head(connection):
    read = b""
    while b"\r\n\r\n" not in read:
        more = connection.recv(1)
        assert more, read
        read += more
    (length,) = (
        int(line.split(b":")[1])
        for line in read.splitlines()
        if line.lower().startswith(b"content-length:")
    )
    return read.partition(b"\r\n")[0], length


def read_body(connection, length):
    while length:
        more = connection.recv(min(length, 65536))
        assert more, f"{length} bytes are missing"
        length -= len(more)


def year(path):
    return f"{path}?year=2025"


@YEARS
@WHOLE_FILES
def test_a_file_with_all_of_the_year_counts_once_it_was_read(server, ada, database, path, moods):
    seal(database, "ada", moods)
    answer = httpx.get(server.url + year(path), cookies={"moodtracker": ada})
    assert answer.status_code == 200
    await_that(lambda: is_downloaded(database, "ada"))


def test_all_of_a_year_is_one_file_with_its_notes(server, ada, database):
    seal(database, "ada", SMALL)
    answer = httpx.get(server.url + year("/moods.zip"), cookies={"moodtracker": ada})
    assert answer.headers["content-disposition"].endswith('"moodtracker-2025.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert set(files.namelist()) == {
            f"moodtracker-2025.{kind}" for kind in ("csv", "json", "png")
        }
        assert "the last of them" in files.read("moodtracker-2025.csv").decode()


@pytest.mark.parametrize(
    "how", [("Connection: close",), ("Range: bytes=0-9",), ("If-None-Match: *",)]
)
@YEARS
def test_however_it_is_asked_for_the_whole_file_comes_and_counts(server, ada, database, moods, how):
    seal(database, "ada", moods)
    with asking(server, ada, year("/moods.csv"), *how) as connection:
        status, length = read_head(connection)
        assert status == b"HTTP/1.1 200 OK"
        read_body(connection, length)
        await_that(lambda: is_downloaded(database, "ada"))


def test_an_old_client_that_hangs_up_once_it_has_all_counts(server, ada, database):
    seal(database, "ada", LARGE)
    with asking(server, ada, year("/moods.csv"), version="1.0") as connection:
        read_body(connection, read_head(connection)[1])
    await_that(lambda: is_downloaded(database, "ada"))


def test_the_next_request_on_the_connection_is_told_of_the_download(server, ada, database):
    seal(database, "ada", SMALL)
    with httpx.Client(base_url=server.url, cookies={"moodtracker": ada}) as page:
        page.get(year("/moods.csv"))
        assert is_downloaded(database, "ada") or page.get("/settings").status_code == 200
        assert is_downloaded(database, "ada")


@YEARS
@WHOLE_FILES
def test_a_head_request_downloads_nothing(server, ada, database, answered, path, moods):
    seal(database, "ada", moods)
    answer = httpx.head(server.url + year(path), cookies={"moodtracker": ada})
    assert (answer.status_code, answer.content) == (200, b"")
    answered()
    assert not is_downloaded(database, "ada")


@YEARS
@WHOLE_FILES
def test_who_reads_half_and_hangs_up_has_downloaded_nothing(
    server, ada, database, answered, path, moods
):
    seal(database, "ada", moods)
    with asking(server, ada, year(path)) as connection:
        read_body(connection, read_head(connection)[1] // 2)
    answered()
    assert not is_downloaded(database, "ada")


@YEARS
@pytest.mark.parametrize("how", [(), ("Connection: close",)], ids=["kept", "closed"])
def test_who_hangs_up_after_the_head_has_downloaded_nothing(
    server, ada, database, answered, moods, how
):
    seal(database, "ada", moods)
    with asking(server, ada, year("/moods.csv"), *how) as connection:
        read_head(connection)
    answered()
    assert not is_downloaded(database, "ada")


def test_what_is_still_on_its_way_is_not_downloaded(server, ada, database):
    seal(database, "ada", LARGE)
    with asking(server, ada, year("/moods.csv")) as connection:
        _, length = read_head(connection)
        read_body(connection, length // 2)
        assert not is_downloaded(database, "ada")
        read_body(connection, length - length // 2)
        await_that(lambda: is_downloaded(database, "ada"))


@pytest.mark.parametrize(
    "path", ["/board.svg", "/board.png", "/board.pdf", "/board.pdf?shape=poster"]
)
def test_a_picture_has_neither_notes_nor_times_and_does_not_count(
    server, ada, database, answered, path
):
    seal(database, "ada", SMALL)
    mark = "&" if "?" in path else "?"
    answer = httpx.get(f"{server.url}{path}{mark}year=2025", cookies={"moodtracker": ada})
    assert answer.status_code == 200
    answered()
    assert not is_downloaded(database, "ada")


@pytest.mark.parametrize("path", ["/moods.csv", "/moods.json", "/moods.zip", "/board.png"])
def test_a_file_that_could_not_be_made_does_not_count(server, ada, database, answered, path):
    seal(database, "ada", '[["2025-12-31", 1, 9, "2025-12-31T12:00:00+00:00", "no such mood"]]')
    answer = httpx.get(server.url + year(path), cookies={"moodtracker": ada})
    assert answer.status_code == 500
    answered()
    assert not is_downloaded(database, "ada")


@YEARS
def test_everything_in_one_file_counts_once_it_was_read(server, ada, database, moods):
    seal(database, "ada", moods)
    answer = httpx.post(server.url + TAKEOUT, cookies={"moodtracker": ada})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert "moodtracker-2025.json" in files.namelist()
    await_that(lambda: is_downloaded(database, "ada"))


@YEARS
def test_half_of_everything_does_not_count(server, ada, database, answered, moods):
    seal(database, "ada", moods)
    form = ("Content-Type: application/x-www-form-urlencoded", "Content-Length: 0")
    with asking(server, ada, TAKEOUT, *form, method="POST") as connection:
        read_body(connection, read_head(connection)[1] // 2)
    answered()
    assert not is_downloaded(database, "ada")


def test_a_file_of_the_current_year_downloads_no_closed_one(server, ada, database, answered):
    seal(database, "ada", SMALL)
    for path in ("/moods.csv", "/moods.zip"):
        assert httpx.get(server.url + path, cookies={"moodtracker": ada}).status_code == 200
    answered(2)
    assert not is_downloaded(database, "ada")
