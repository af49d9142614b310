"""The recipes of deploy/, with real proxies and a real browser."""

import socket
import ssl
import time
from urllib.parse import urlsplit

import httpx
import pytest

from moodtracker.database import Database
from support.journey import walk
from support.proxies import AT_SUB_PATH, PROXIES, behind
from support.sealing import LARGE, SMALL, is_downloaded, seal
from support.server import ROOT, WAIT_SECONDS

# nginx takes the sub-path off where the address that it passes to ends with a slash.
STRIPPING = ("proxy_pass http://127.0.0.1:8080;", "proxy_pass http://127.0.0.1:8080/;")


def kept(page):
    """The paths of our cookies by their names; each is kept to https, this site and HTTP."""
    cookies = page.context.cookies()
    for cookie in cookies:
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    return {cookie["name"]: cookie["path"] for cookie in cookies}


@pytest.mark.parametrize("name", PROXIES)
def test_the_journey_goes_through(name, open_browser, tmp_path, monkeypatch):
    with behind(name, tmp_path, REGISTRATION="first") as (proxy, server):
        page = open_browser(proxy, timezone_id="Europe/Berlin", ignore_https_errors=True).new_page()
        walk(page, proxy.url)
        assert kept(page)["__Host-moodtracker"] == "/"

        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.trusted))
        told = server.command("check").stdout
        assert f"{proxy.url} answers, and takes websockets." in " ".join(told.split())
        assert "proxy" not in told.split()


@pytest.mark.parametrize(
    ("name", "changed"),
    [*((name, ()) for name in PROXIES), ("nginx", (STRIPPING,))],
    ids=[*PROXIES, "nginx, which takes it off"],
)
def test_the_journey_goes_through_at_a_sub_path(name, changed, open_browser, tmp_path, monkeypatch):
    with behind(name, tmp_path, sub_path="/mood", changed=changed, REGISTRATION="first") as (
        proxy,
        server,
    ):
        page = open_browser(proxy, timezone_id="Europe/Berlin", ignore_https_errors=True).new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        walk(page, proxy.url)
        assert {url for url in asked if not urlsplit(url).path.startswith("/mood")} == {
            url for url in asked if url.startswith("data:")
        }
        assert kept(page)["__Secure-moodtracker"] == "/mood"
        assert set(kept(page).values()) == {"/mood"}

        with page.expect_download() as download:
            page.click("summary")
            page.click("text=Keep your year")
            page.click("text=CSV")
        assert "good" in download.value.path().read_text()

        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.trusted))
        told = server.command("check").stdout
        assert f"{proxy.url} answers, and takes websockets." in " ".join(told.split())


@pytest.mark.parametrize("name", PROXIES)
def test_no_log_keeps_the_secret_of_a_link(name, tmp_path):
    with behind(name, tmp_path) as (proxy, server):
        for path in ("reset", "verify", "register"):
            for is_up in (True, False):
                if not is_up:
                    server.stop()
                secret = f"{proxy.url}/{path}?token=asecret"
                answer = httpx.get(secret, verify=False)
                assert (answer.status_code < 500) == is_up
                # What an older browser would ask for as a part of it, and a link that came broken.
                httpx.get(
                    f"{proxy.url}/assets/style.css", headers={"Referer": secret}, verify=False
                )
                ask_for_nothing_sound(proxy, f"/{path}%zz?token=asecret")
                if not is_up:
                    server.start()
        proxy.stop()  # what it has to write is written then
        assert "asecret" not in proxy.logs()


def ask_for_nothing_sound(proxy, target):
    """As no library would: a path that cannot be read."""
    encrypted = ssl._create_unverified_context()
    with (
        socket.create_connection(("localhost", proxy.port)) as plain,
        encrypted.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert connection.recv(20)


@pytest.mark.parametrize("name", PROXIES)
def test_while_the_app_is_down_whoever_is_told_so_by_503_is_told_when_to_come_again(name, tmp_path):
    with behind(name, tmp_path) as (proxy, server):
        server.stop()
        answer = httpx.get(f"{proxy.url}/login", verify=False)
        assert answer.status_code in (502, 503)
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
        server.start()
        answer = httpx.get(f"{proxy.url}/forgot", verify=False)  # which needs a mail server
        assert answer.status_code == 503
        assert len(answer.headers.get_list("retry-after")) == 1


@pytest.mark.parametrize("name", PROXIES)
def test_the_documents_tell_what_a_sub_path_changes(name):
    told = (ROOT / "docs" / "proxies.md").read_text()
    for text in AT_SUB_PATH[name]:
        assert f"`{text}`" in told


@pytest.mark.parametrize("name", PROXIES)
def test_a_closed_year_that_went_through_counts_as_downloaded(name, tmp_path):
    with behind(name, tmp_path, REGISTRATION="open") as (proxy, server):
        cookie = {"Cookie": f"__Host-moodtracker={server.register('ada')}"}
        database = Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")
        for moods in (SMALL, LARGE):
            seal(database, "ada", moods, downloaded_at=None)
            asked = f"{proxy.url}/moods.csv?year=2025"
            answer = httpx.get(asked, headers=cookie, verify=False)
            assert answer.status_code == 200, answer.text
            deadline = time.monotonic() + WAIT_SECONDS
            while not is_downloaded(database, "ada"):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        database.close()
