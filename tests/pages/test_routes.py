"""Every address that answers, named one by one: nothing is served that nobody asked for."""

import re

import pytest

from support.routes import routes as tables_of_routes

# A new page or route belongs here, and, if strangers may reach it, in STRANGERS too.
OURS = {
    "GET /",
    "HEAD /",
    "GET /words/{spoken}/{year}.json",
    "GET /obstacles/{spoken}.js",
    "GET /zones.js",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /board.svg",
    "GET /board.png",
    "GET /board.pdf",
    "GET /moods.csv",
    "GET /moods.json",
    "GET /moods.zip",
    "POST /login",
    "POST /register",
    "POST /logout",
    "GET /signed-out",
    "GET /login/provider",
    "GET /login/provider/back",
    "POST /login/provider/connect",
    "POST /login/provider/ended",
    "POST /login/provider/join",
    "POST /login/provider/prove",
    "GET /unsubscribe",
    "POST /unsubscribe",
    "GET /settings",
    "GET /admin",
    "GET /year-end/preview",
    "POST /forgot",
    "POST /reset",
    "POST /verify",
    "GET /manifest.webmanifest",
    "GET /icon-180.png",
    "GET /icon-192.png",
    "GET /icon-512.png",
    "GET /icon-maskable-512.png",
    "GET /worker.js",
    "GET /offline",
    "GET /offline.js",
    "MOUNT /assets",
    "MOUNT /_nicegui/VERSION/static",
    "MOUNT ",  # NiceGUI's application, for all else
}
# The forms of a page's sections lie below the section, and are found by GET as well as by POST.
SECTIONS = {
    "settings": "address day devices everything leave look names notes password provider reminder "
    "year-end",
    "admin": "checks invitations people year-end",
}
PAGES = {"GET /login", "GET /register", "GET /forgot", "GET /reset", "GET /verify"}
# What NiceGUI brings: its own files, the same for everybody, and the socket.
NICEGUI = {
    "MOUNT /_nicegui_ws",
    "MOUNT /_nicegui/VERSION/static",
    "GET /_nicegui/VERSION/libraries/{key:path}",
    "GET /_nicegui/VERSION/components/{key:path}",
    "GET /_nicegui/VERSION/resources/{key}/{path:path}",
    "GET /_nicegui/VERSION/dynamic_resources/{name}",
    "GET /_nicegui/VERSION/esm/{key}/{path:path}",
    "GET /favicon.ico",
    "HEAD /favicon.ico",
}
STRANGERS = {
    "/login",
    "/register",
    "/signed-out",
    "/forgot",
    "/reset",
    "/verify",
    "/manifest.webmanifest",
    "/icon-180.png",
    "/icon-192.png",
    "/icon-512.png",
    "/icon-maskable-512.png",
    "/worker.js",
    "/offline",
    "/offline.js",
    "/zones.js",
    "/login/provider",
    "/login/provider/back",
    "/login/provider/connect",
    "/login/provider/ended",
    "/login/provider/join",
    "/unsubscribe",
    "/healthz",
    "/readyz",
    "/metrics",
    "/favicon.ico",
}


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    return tables_of_routes(tmp_path_factory.mktemp("routes"))


def is_a_section_s_form(route):
    """Whether it is /settings/SECTION or /settings/SECTION/FORM, of a section that is named."""
    form = re.fullmatch(r"(?:GET|POST) /(settings|admin)/([\w-]+)(?:/[\w-]+)?", route)
    return form is not None and form[2] in SECTIONS[form[1]].split()


def test_the_app_serves_nothing_that_nobody_asked_for(routes):
    assert {each for each in routes["web"] if not is_a_section_s_form(each)} == OURS


def test_no_section_is_lost(routes):
    found = {route.partition(" ")[2] for route in routes["web"] if is_a_section_s_form(route)}
    for page, names in SECTIONS.items():
        for name in names.split():
            assert any(f"{path}/".startswith(f"/{page}/{name}/") for path in found), name


def test_nicegui_serves_its_files_its_socket_and_our_pages(routes):
    assert set(routes["nicegui"]) == NICEGUI | PAGES


def test_strangers_reach_nothing_but_what_is_meant_for_them(routes):
    assert set(routes["strangers"]) == STRANGERS
    assert routes["folders"] == ["/_nicegui/", "/assets/", "/obstacles/"]
    answering = {each.partition(" ")[2] for each in routes["web"] + routes["nicegui"]}
    assert set(routes["strangers"]) <= answering
