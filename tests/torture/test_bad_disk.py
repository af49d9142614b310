"""A disk that is full, read-only, damaged, or held by somebody else: words, and no harm."""

import os
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from support.needs import missing
from support.open_page import OpenPage
from support.server import WAIT_SECONDS, Server
from support.tapping import NOT_SAVED, shown_in
from support.zone_data import zone_of_noon

SECRETS = ("Traceback", "sqlite3", "OperationalError", "SELECT", "INSERT")


@pytest.fixture
def disk(tmp_path):
    """A disk of its own, of 6 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        missing("the right to mount a small disk (root)")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def server(tmp_path, disk):
    started = Server(tmp_path, DATA_DIR=str(disk / "data"), BACKUP_KEEP="0")
    yield started
    started.kill()


@pytest.fixture
def ada(server, disk):
    """A signed-in person's cookie, on a server that runs."""
    server.start()
    return join(server)


def join(server, zone=""):
    answer = httpx.post(
        f"{server.url}/register",
        data={
            "username": "ada",
            "email": "ada@example.org",
            "first_name": "Ada",
            "password": "correct horse battery staple",
            "zone": zone or zone_of_noon(),
        },
        timeout=WAIT_SECONDS,
    )
    return answer.cookies["moodtracker"]


def fill(disk):
    """Write until nothing more goes there."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 512):
            pass
    return ballast


def saved(socket, tap):
    """Whether the page is shown that a tap is saved; else it is told so in words."""
    socket.event("tap", tap)
    while True:
        said = shown_in(socket.await_words("moodtracker.show"))
        if tap["tap"] in said.get("done", ()):
            return True
        if NOT_SAVED in said.get("message", ""):
            return False


def board(server, cookie):
    return httpx.get(f"{server.url}/", cookies={"moodtracker": cookie}, timeout=WAIT_SECONDS)


def serves(server):
    try:
        return httpx.get(f"{server.url}/readyz", timeout=WAIT_SECONDS).status_code == 200
    except httpx.TransportError:
        return False


def is_sound(disk):
    with closing(sqlite3.connect(disk / "data" / "moodtracker.db")) as database:
        return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def moods(disk):
    with closing(sqlite3.connect(disk / "data" / "moodtracker.db")) as database:
        return dict(database.execute("SELECT tap, mood FROM entries"))


def start_in_words(server):
    """Start a server until it serves or ends; returns what it says."""
    before = len(server.log)
    server.run()
    deadline = time.monotonic() + WAIT_SECONDS
    while server.is_running() and not serves(server):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    said = server.log[before:]
    assert not [secret for secret in SECRETS if secret in said], said
    return said


def test_on_a_full_disk_taps_wait_and_pages_are_read_and_room_is_all_it_takes(server, disk, ada):
    page = OpenPage(server, ada)
    with page.connected() as socket:
        first = page.tap(4)
        assert saved(socket, first)
        ballast = fill(disk)
        last, waiting = first, page.tap(1, act="change", was=first["tap"])
        while saved(socket, waiting):  # the log that SQLite has already may take some more
            last, waiting = waiting, page.tap(1, act="change", was=waiting["tap"])
        assert board(server, ada).status_code == 200
        server.await_log("the disk is full")
        assert not [secret for secret in SECRETS if secret in server.log]

        ballast.unlink()
        assert moods(disk) == {last["tap"]: last["mood"]}
        assert saved(socket, waiting)
    assert moods(disk) == {waiting["tap"]: 1}
    assert is_sound(disk)


def break_off(disk):
    """Have the kernel make a file system read-only under the server, as it does after an error."""
    told = Path("/proc/mounts").read_text().splitlines()
    (device,) = (line.split()[0] for line in told if line.split()[1] == str(disk))
    Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error").write_text("1")


@pytest.fixture
def breaking_disk(tmp_path):
    """A disk of its own that can be had to fail."""
    folder, image = tmp_path / "breaking", tmp_path / "image"
    folder.mkdir()
    image.write_bytes(b"")
    os.truncate(image, 24_000_000)
    for command in (
        ["mkfs.ext4", "-q", str(image)],
        ["mount", "-o", "loop,errors=remount-ro", str(image), str(folder)],
    ):
        try:
            done = subprocess.run(command, capture_output=True, check=False).returncode
        except FileNotFoundError:
            done = 1
        if done:
            missing("mkfs.ext4, and the right to mount its file systems (root)")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize(
    ("kind", "spoil"), [("disk", fill), ("breaking_disk", break_off)], ids=["full", "read-only"]
)
def test_an_old_session_reads_everything_and_its_page_turns_where_nothing_can_be_written(
    tmp_path, request, kind, spoil
):
    disk = request.getfixturevalue(kind)
    server = Server(tmp_path, DATA_DIR=str(disk / "data"), BACKUP_KEEP="0")
    server.set_clock(2026, 11, 24, 12)
    server.start()
    cookie = join(server, "UTC")
    page = OpenPage(server, cookie)
    with page.connected() as socket:
        assert saved(socket, page.tap(4))
        spoil(disk)
        server.set_clock(2026, 11, 24, 14)  # by now the visit is worth noting
        for path in ("/", "/settings", "/moods.csv", "/board.png", "/board.svg", "/board.pdf", "/"):
            answer = httpx.get(
                f"{server.url}{path}", cookies={"moodtracker": cookie}, timeout=WAIT_SECONDS
            )
            assert answer.status_code == 200, path
        server.set_clock(2026, 11, 25, 0, 1)
        socket.await_words("25 November")
        with OpenPage(server, cookie).connected():
            pass
    assert server.log.count("nothing can be noted") == 1
    for form in ("/login", "/logout"):
        answer = httpx.post(
            f"{server.url}{form}",
            data={"login": "ada", "password": "correct horse battery staple"},
            cookies={"moodtracker": cookie} if form == "/logout" else {},
            timeout=WAIT_SECONDS,
        )
        assert answer.status_code == 503
        assert "cannot save anything at the moment" in answer.text
    assert serves(server)
    assert not [secret for secret in SECRETS if secret in server.log]
    server.kill()


def test_a_server_that_starts_on_a_full_disk_serves_or_says_why_and_starts_once_there_is_room(
    server, disk, ada
):
    page = OpenPage(server, ada)
    with page.connected() as socket:
        tap = page.tap(5)
        assert saved(socket, tap)
    server.kill()
    ballast = fill(disk)
    said = start_in_words(server)
    assert serves(server) or "disk" in said
    ballast.unlink()
    if not server.is_running():
        server.start()
    assert board(server, ada).status_code == 200
    assert moods(disk) == {tap["tap"]: 5}
    assert is_sound(disk)


def test_a_disk_that_became_read_only_is_named_at_the_start_and_used_once_it_is_writable(
    server, disk, ada
):
    server.stop()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert "read-only" in start_in_words(server)
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    server.start()
    page = OpenPage(server, ada)
    with page.connected() as socket:
        assert saved(socket, page.tap(3))


def test_while_another_program_holds_the_database_pages_are_read_and_a_tap_waits_its_turn(
    server, disk, ada
):
    page = OpenPage(server, ada)
    tap = page.tap(2)
    with page.connected() as socket:
        with closing(sqlite3.connect(disk / "data" / "moodtracker.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            socket.event("tap", tap)
            assert board(server, ada).status_code == 200
            socket.await_words(NOT_SAVED)
            server.await_log("another program has locked the database")
            other.rollback()
        assert saved(socket, tap)
    assert moods(disk) == {tap["tap"]: 2}


def test_a_file_that_was_overwritten_is_said_at_the_start_and_left_as_it_is(server, disk, ada):
    server.stop()
    file = disk / "data" / "moodtracker.db"
    file.write_bytes(b"\0garbage" * 1000)
    damaged = file.read_bytes()
    said = start_in_words(server)
    assert "docs/backup.md" in said
    assert file.read_bytes() == damaged


def test_a_file_that_is_damaged_inside_is_answered_in_words_and_named_in_the_log(server, disk, ada):
    server.stop()
    file = disk / "data" / "moodtracker.db"
    with closing(sqlite3.connect(file)) as database:
        roots = database.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'entries'")
        pages, (size,) = roots.fetchall(), database.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as content:
        for (page,) in pages:
            content.seek((page - 1) * size)
            content.write(b"\xff" * size)
    server.start()
    answer = board(server, ada)
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert not [secret for secret in SECRETS if secret in answer.text]
    server.await_log("the database is damaged: restore a backup")
    assert not [secret for secret in SECRETS if secret in server.log]
