import csv
import io
import re

import httpx
import pytest
from PIL import Image


def get(server, path, cookie):
    return httpx.get(f"{server.url}{path}", cookies={"moodtracker": cookie})


@pytest.fixture(scope="module")
def owner(server):
    return server.register("owner")


def test_the_year_can_be_kept_as_table_data_and_picture(server, open_board):
    cookie = server.register("keeper")
    board = open_board(server, cookie)
    board.pick(4)
    board.await_moods("Good")

    table = get(server, "/moods.csv", cookie)
    assert "attachment" in table.headers["content-disposition"]
    ((line),) = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig")))
    assert (line["slot"], line["mood"], line["name"]) == ("1", "4", "good")

    data = get(server, "/moods.json", cookie).json()
    assert [entry["mood"] for entry in data["entries"]] == [4]

    picture = Image.open(io.BytesIO(get(server, "/board.png", cookie).content))
    assert (picture.format, picture.width) == ("PNG", 2400)


@pytest.mark.parametrize(
    ("path", "kind", "begins", "name"),
    [
        ("/board.svg", "image/svg+xml", b"<svg ", ".svg"),
        ("/board.svg?shape=poster", "image/svg+xml", b"<svg ", "-poster.svg"),
        ("/board.png?size=print", "image/png", b"\x89PNG", ".png"),
        ("/board.png?shape=poster&size=print", "image/png", b"\x89PNG", "-poster.png"),
        ("/board.pdf", "application/pdf", b"%PDF-", ".pdf"),
        ("/board.pdf?paper=letter", "application/pdf", b"%PDF-", ".pdf"),
        ("/board.pdf?shape=poster", "application/pdf", b"%PDF-", "-poster.pdf"),
        ("/moods.csv", "text/csv; charset=utf-8", b"day,", ".csv"),
        ("/moods.json", "application/json", b"{", ".json"),
    ],
)
def test_each_file_says_what_it_is(server, owner, path, kind, begins, name):
    answer = get(server, path, owner)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.content.startswith(begins)
    assert answer.headers["content-disposition"].endswith(f'{name}"')
    assert answer.headers["cache-control"] == "no-store"


def test_the_menu_leads_to_every_file(server, owner, open_board):
    page = open_board(server, owner).page
    links = page.eval_on_selector_all(".menu .keep a", "links => links.map((link) => link.href)")
    kinds = [httpx.get(link, cookies={"moodtracker": owner}).headers for link in links]
    assert len(set(links)) == len(links) == 10
    assert {headers["content-type"].partition(";")[0] for headers in kinds} == {
        "image/svg+xml",
        "image/png",
        "application/pdf",
        "text/csv",
        "application/json",
    }


def test_a_file_is_kept_by_two_clicks(server, owner, open_board):
    page = open_board(server, owner).page
    page.click(".menu > summary")
    page.click("text=Keep your year")
    with page.expect_download() as download:
        page.click("[aria-label='Poster to frame: A4']")
    assert download.value.suggested_filename.endswith("-poster.pdf")
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_the_page_prints_as_the_year_alone_in_light_colours_on_one_sheet(server, open_board):
    board = open_board(server, server.register("printer"), color_scheme="dark")
    board.pick(4)
    board.await_moods("Good")
    page = board.page
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.is_visible("#today-card")
    assert not page.is_visible(".menu")
    shown = page.locator("table.year .today")
    assert "rgb(143, 181, 58)" in shown.evaluate("day => getComputedStyle(day).backgroundImage")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


@pytest.mark.parametrize("asked", ["shape=round", "paper=a0", "size=huge"])
def test_a_shape_that_there_is_not_is_refused_in_words(server, owner, asked):
    path = {"s": "/board.png", "p": "/board.pdf"}[asked[0]]
    answer = get(server, f"{path}?{asked}", owner)
    assert answer.status_code == 400
    assert "cannot be done" in answer.text


def test_nobody_can_keep_a_copy_in_a_shared_cache(server):
    answer = get(server, "/moods.csv", server.register("private"))
    assert answer.headers["cache-control"] == "no-store"


def test_a_year_that_is_not_here_is_not_found(server):
    cookie = server.register("historian")
    assert get(server, "/moods.csv?year=1999", cookie).status_code == 404
    answer = get(server, "/moods.csv?year=soon", cookie)
    assert answer.status_code == 400
    assert "cannot be done" in answer.text
