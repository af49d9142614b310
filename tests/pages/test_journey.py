"""The journey that the app exists for, on a fresh server with its default settings."""

import pytest

from support.board_page import DESKTOP, PHONE
from support.journey import walk


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_person_registers_picks_two_moods_and_signs_out(
    make_server, open_browser, database_url, viewport
):
    server = make_server(REGISTRATION="first", DATABASE_URL=database_url).start()
    page = open_browser(server, viewport=viewport, timezone_id="Europe/Berlin").new_page()
    walk(page, server.url)
