"""NiceGUI's framework, as a browser gets it."""

from pathlib import Path

import httpx
import nicegui
import pytest
from jinja2 import Environment, meta
from starlette.requests import Request

from pages import document
from pages.assets import FOLDER
from support.server import Server

STATIC = f"/_nicegui/{nicegui.__version__}/static"


def test_a_page_loads_no_component_library_no_styles_but_ours_and_no_fonts(server, open_board):
    cookie = server.register("light")
    board = open_board(server, cookie)
    loaded = []
    board.page.on("request", lambda request: loaded.append(request.url.split("?")[0]))
    board.page.reload()
    board.await_connection()
    assert any("vue" in address for address in loaded)
    assert not [address for address in loaded if "quasar" in address or "font" in address]
    styles = {Path(each).name for each in loaded if each.endswith(".css")}
    assert styles == {"style.css", "board.css", "print.css"}


@pytest.mark.parametrize("path", [f"{STATIC}/vue.esm-browser.prod.js", "/assets/style.css"])
def test_files_come_compressed_and_may_be_kept_for_ever(server: Server, path: str) -> None:
    packed = httpx.get(server.url + path, headers={"Accept-Encoding": "gzip"})
    plain = httpx.get(server.url + path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content
    for answer in (packed, plain):
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_a_page_comes_compressed_to_who_takes_it_so(server: Server) -> None:
    server.register("packed")  # before anybody is here, this page leads to another one
    packed = httpx.get(f"{server.url}/login", headers={"Accept-Encoding": "gzip"})
    plain = httpx.get(f"{server.url}/login", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "<title>" in packed.text
    assert "<title>" in plain.text


def test_our_template_asks_for_nothing_but_what_niceguis_own_does_and_we_give() -> None:
    own = FOLDER / "page" / "index.html"
    theirs = Path(nicegui.__file__).parent / "templates" / "index.html"
    asked, given = (
        meta.find_undeclared_variables(Environment(autoescape=True).parse(file.read_text()))
        for file in (own, theirs)
    )
    request = Request({"type": "http", "state": {"signed_in": None}})
    assert asked <= given | set(document._dress(request))
