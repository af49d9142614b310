"""The recipes of deploy/, with real proxies and a real browser."""

import pytest

from support.journey import walk
from support.proxies import PROXIES, behind


@pytest.mark.parametrize("name", PROXIES)
def test_the_journey_goes_through(name, open_browser, tmp_path, monkeypatch):
    with behind(name, tmp_path, REGISTRATION="first") as (proxy, server):
        page = open_browser(proxy, timezone_id="Europe/Berlin", ignore_https_errors=True).new_page()
        walk(page, proxy.url)
        (cookie,) = page.context.cookies()
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")

        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.trusted))
        told = server.command("check").stdout
        assert f"{proxy.url} answers, and takes websockets." in " ".join(told.split())
        assert "proxy" not in told.split()
