import html
import re

import httpx
import pytest

from moodtracker import days
from support.server import PASSWORD

FORM = {
    "username": "newcomer",
    "email": "newcomer@example.org",
    "first_name": "New",
    "last_name": "Comer",
    "password": PASSWORD,
    "zone": "Europe/Berlin",
}


def sign_in(server, login, password=PASSWORD, **more):
    return httpx.post(
        f"{server.url}/login", data={"login": login, "password": password} | more, headers={}
    )


def get(server, path, cookie=None):
    return httpx.get(f"{server.url}{path}", cookies={"moodtracker": cookie} if cookie else None)


def words_of(answer):
    """The texts of a NiceGUI page, as its elements carry them."""
    return html.unescape(answer.text)


def test_somebody_who_is_not_signed_in_sees_the_sign_in_page_alone(server):
    for path in ("/", "/moods.csv", "/moods.json", "/board.png", "/settings"):
        answer = get(server, path)
        assert answer.status_code == 303
        assert answer.headers["location"].lstrip("/").startswith("login")
    assert get(server, "/no/such/page").status_code == 404


def test_after_signing_in_people_arrive_where_they_wanted_to_go(server, open_browser):
    server.register("wanderer")
    page = open_browser(server).new_page()
    page.goto(f"{server.url}/?from=bookmark")
    page.fill("#login", "wanderer")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("#today-card")
    assert page.url == f"{server.url}/?from=bookmark"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "https:evil.example",
        "evil.example",
        "",
    ],
)
def test_nobody_is_led_to_another_site_after_signing_in(server, elsewhere):
    if not hasattr(server, "redirected"):
        server.redirected = server.register("redirected")
    answer = sign_in(server, "redirected", next=elsewhere)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(server):
    server.register("known")
    answers = [sign_in(server, "known", "wrong password"), sign_in(server, "unknown", "whatever")]
    assert [answer.status_code for answer in answers] == [401, 401]
    for answer in answers:
        assert "That name and password do not go together" in words_of(answer)
        assert "set-cookie" not in answer.headers


def test_the_zone_of_the_browser_is_filled_in_without_a_connection(server, open_browser):
    page = open_browser(server, timezone_id="Asia/Tokyo").new_page()
    sockets = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(f"{server.url}/register")
    page.wait_for_function("document.getElementById('zone')?.value === 'Asia/Tokyo'")
    page.wait_for_load_state("networkidle")
    assert sockets == []


def test_all_zones_are_one_file_that_a_browser_keeps(server):
    page = httpx.get(f"{server.url}/register").text
    (address,) = re.findall(r'src="(/zones\.js\?v=\w+)"', page)
    answer = httpx.get(server.url + address)
    assert "immutable" in answer.headers["cache-control"]
    assert all(name in answer.text for name in days.zone_names())
    assert "Europe/Berlin" not in page


def test_what_was_typed_stays_in_the_form_but_for_the_password(server, open_browser):
    page = open_browser(server).new_page()
    page.goto(f"{server.url}/register")
    page.fill("#first_name", "Ada")
    page.fill("#username", "a!")
    page.fill("#email", "ada@example.org")
    page.fill("#password", "too short")
    page.select_option("#zone", "Asia/Tokyo")
    page.click("button[type=submit]")
    page.wait_for_selector("[role=alert]")
    assert page.input_value("#first_name") == "Ada"
    assert page.input_value("#username") == "a!"
    assert page.input_value("#zone") == "Asia/Tokyo"
    assert page.input_value("#password") == ""
    assert "Letters, digits" in page.inner_text("#username-notes")
    assert "At least 12 characters" in page.inner_text("#password-notes .wrong")
    assert "too short" not in page.content()


BAD_INPUT = [
    ("username", "", "between 2 and 40"),
    ("username", "x" * 10_000, "between 2 and 40"),
    ("username", "nul\0nul", "cannot be seen"),
    ("username", "ada\u202egnp", "cannot be seen"),
    ("username", "<script>alert(1)</script>", "Letters, digits"),
    ("email", "", "not an e-mail address"),
    ("email", "ada@example.org\nBcc: all@example.org", "cannot be seen"),
    ("email", "ada@example.org\r\n", "cannot be seen"),
    ("email", "ada" * 4000 + "@example.org", "not an e-mail address"),
    ("email", "<b>ada</b>@example.org", "not an e-mail address"),
    ("first_name", "", "What shall we call you"),
    ("first_name", "   ", "What shall we call you"),
    ("first_name", "x" * 10_000, "At most 80"),
    ("first_name", "Ada\u200f", "cannot be seen"),
    ("last_name", "Nul\0", "cannot be seen"),
    ("password", "", "At least 12"),
    ("password", "x" * 10_000, "At most 256"),
    ("zone", "", "choose your time zone"),
    ("zone", "Mars/Olympus", "choose your time zone"),
    ("zone", "../../etc/passwd", "choose your time zone"),
]


@pytest.mark.parametrize(("field", "value", "message"), BAD_INPUT)
def test_bad_input_gets_a_message_and_makes_no_account(server, field, value, message):
    answer = httpx.post(f"{server.url}/register", data=FORM | {field: value})
    assert answer.status_code == 422
    assert message in words_of(answer)
    assert "set-cookie" not in answer.headers
    assert "newcomer" not in server.command("user", "list").stdout


def test_markup_in_a_name_is_shown_as_text(server, open_board):
    answer = httpx.post(
        f"{server.url}/register",
        data=FORM
        | {
            "username": "bobby",
            "email": "b@example.org",
            "first_name": "<img src=x onerror=alert(1)>",
        },
    )
    assert answer.status_code == 303
    board = open_board(server, answer.cookies["moodtracker"])
    assert board.page.inner_text("summary") == "<img src=x onerror=alert(1)>"
    assert board.page.locator("summary img").count() == 0


def test_signing_out_ends_the_session_on_the_server(server):
    cookie = server.register("copied")
    assert get(server, "/moods.json", cookie).status_code == 200
    answer = httpx.post(f"{server.url}/logout", cookies={"moodtracker": cookie})
    assert answer.status_code == 303
    assert 'moodtracker=""' in answer.headers["set-cookie"]
    assert get(server, "/moods.json", cookie).status_code == 303


def test_signing_in_gives_a_new_session_and_ends_the_one_that_was_brought(server):
    brought = server.register("fixated")
    answer = httpx.post(
        f"{server.url}/login",
        data={"login": "fixated", "password": PASSWORD},
        cookies={"moodtracker": brought},
    )
    assert answer.cookies["moodtracker"] != brought
    assert get(server, "/moods.json", brought).status_code == 303


def test_the_session_cookie_is_out_of_reach_for_scripts_and_foreign_sites(server):
    server.register("cookie")
    header = sign_in(server, "cookie").headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=lax" in header
    assert re.search(r"max-age=\d{7,}", header)


def test_behind_https_the_cookie_stays_with_its_host_and_out_of_plain_http(make_server):
    server = make_server(BASE_URL="https://mood.example.org").start()
    answer = httpx.post(f"{server.url}/register", data=FORM)
    header = answer.headers["set-cookie"]
    assert header.startswith("__Host-moodtracker=")
    assert "secure" in header.lower()


def test_by_default_only_the_first_person_may_register(make_server, open_browser):
    server = make_server(REGISTRATION="first").start()
    assert get(server, "/login").headers["location"] == "register"
    server.register("first")
    answer = httpx.post(f"{server.url}/register", data=FORM)
    assert answer.status_code == 403
    assert "Registration is closed" in answer.text
    assert get(server, "/register").status_code == 403
    page = open_browser(server).new_page()
    page.goto(f"{server.url}/login")
    page.wait_for_selector("#login")
    assert page.locator("text=Make an account").count() == 0


def test_the_demo_person_can_sign_in_before_anybody_has_registered(make_server, open_browser):
    server = make_server(REGISTRATION="first").start()
    password = server.command("demo").stdout.split()[-1]
    page = open_browser(server).new_page()
    page.goto(server.url)
    page.fill("#login", "demo")
    page.fill("#password", password)
    page.click("button[type=submit]")
    page.wait_for_selector("#today-card")


def test_a_name_that_is_taken_is_said_at_its_field(server):
    server.register("taken")
    answer = httpx.post(
        f"{server.url}/register", data=FORM | {"username": "TAKEN", "email": "new@example.org"}
    )
    assert answer.status_code == 422
    assert words_of(answer).count("This is already in use here.") == 1


def test_a_form_sent_from_another_site_is_refused(server):
    server.register("victim")
    for path in ("/login", "/register", "/logout"):
        answer = httpx.post(
            f"{server.url}{path}",
            data={"login": "victim", "password": PASSWORD},
            headers={"Origin": "https://evil.example"},
        )
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_who_was_signed_out_by_something_else_is_told_so(make_server, open_board):
    server = make_server().start()
    board = open_board(server, server.register("ended"))
    board.await_connection()
    board.page.context.clear_cookies()
    url = server.url
    board.page.context.add_cookies([{"name": "moodtracker", "value": "1.gone", "url": url}])
    board.page.goto(url)
    assert "Your session has ended" in board.page.inner_text("[role=status] >> visible=true")
