import csv
import io

import httpx
from PIL import Image


def get(server, path, cookie):
    return httpx.get(f"{server.url}{path}", cookies={"moodtracker": cookie})


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
    assert (picture.format, picture.width) == ("PNG", 1200)


def test_nobody_can_keep_a_copy_in_a_shared_cache(server):
    answer = get(server, "/moods.csv", server.register("private"))
    assert answer.headers["cache-control"] == "no-store"


def test_a_year_that_is_not_here_is_not_found(server):
    cookie = server.register("historian")
    assert get(server, "/moods.csv?year=1999", cookie).status_code == 404
    answer = get(server, "/moods.csv?year=soon", cookie)
    assert answer.status_code == 400
    assert "cannot be done" in answer.text
