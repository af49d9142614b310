import re

import httpx
import pytest

from support.server import PASSWORD


@pytest.fixture
def below(make_server):
    """A server below /mood, without a proxy."""
    server = make_server()
    server.settings["BASE_URL"] = f"{server.url}/mood"
    return server.start()


# In markup, in NiceGUI's JSON of elements, and in its import map; but not what a form sends.
ADDRESS = re.compile(r"""\b(?!value|path)[\w/]+["\\]*[=:]\s?\\?["'](/[^"'\\]*)""")


@pytest.mark.parametrize("taken_off", ["", "/mood"], ids=["path as it is", "path taken off"])
def test_what_a_page_links_to_stands_below_the_sub_path(below, taken_off):
    cookies = {"moodtracker": below.register("ada")}
    asked = below.url + "/mood".removeprefix(taken_off)
    found: set[str] = set()
    for path in ("/", "/settings", "/admin", "/nowhere", "/login", "/register"):
        brought = {} if path in ("/login", "/register") else cookies
        text = httpx.get(asked + path, cookies=brought).text
        found |= set(ADDRESS.findall(text.replace("&quot;", '"')))
    assert {"/mood/", "/mood/login", "/mood/register", "/mood/logout", "/mood/moods.csv?"} <= found
    assert any(address.startswith("/mood/_nicegui/") for address in found)
    assert [address for address in found if not f"{address}/".startswith("/mood/")] == []


def test_redirects_lead_below_the_sub_path(below):
    for path, to in {
        "/mood": "/mood/",
        "/mood/": "login",
        "/": "login",
        "/mood/moods.csv?year=2025": "/mood/login?next=/moods.csv%3Fyear%3D2025",
        "/mood/login": "register",
    }.items():
        answer = httpx.get(below.url + path)
        assert (answer.status_code, answer.headers["location"]) == (answer.status_code, to)
        assert answer.is_redirect


def test_after_signing_in_people_are_where_they_wanted_to_go(below):
    below.register("ada")
    form = {"login": "ada", "password": PASSWORD, "next": "/moods.csv?year=2025"}
    answer = httpx.post(f"{below.url}/mood/login", data=form)
    assert answer.headers["location"] == "/mood/moods.csv?year=2025"
    assert "; Path=/mood;" in answer.headers["set-cookie"] + ";"


def test_what_a_visitor_says_about_the_sub_path_counts_for_nothing(server):
    told = httpx.get(f"{server.url}/login", headers={"X-Forwarded-Prefix": "/evil"}).text
    assert "evil" not in told
