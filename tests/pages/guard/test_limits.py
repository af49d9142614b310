"""How large a request may be, from where a form may come, and how long all may take."""

import asyncio

import httpx
import pytest

from moodtracker.mail import unsubscribe
from pages.guard import limits
from pages.guard.limits import BodyRefused
from support.loops import run
from support.server import PASSWORD

FORM = {"login": "nobody", "password": PASSWORD}


def post(server, headers=None, **what):
    return httpx.post(f"{server.url}/login", headers=headers, **(what or {"data": FORM}))


# Where it comes from


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://evil.example", "Host": "localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_another_site_does_nothing(server, headers):
    cookie = server.register(f"kept{abs(hash(str(headers))) % 10**6}")
    answer = httpx.post(f"{server.url}/logout", headers=headers, cookies={"moodtracker": cookie})
    assert answer.status_code == 403
    assert "sent from another site" in answer.text
    assert httpx.get(server.url, cookies={"moodtracker": cookie}).status_code == 200


def test_a_form_of_our_own_is_taken(server):
    port = server.url.rpartition(":")[2]
    for origin in (server.url, f"http://127.0.0.1:{port}", f"http://[::1]:{port}"):
        assert post(server, {"Origin": origin}).status_code == 401
    assert post(server, {"Sec-Fetch-Site": "same-origin"}).status_code == 401
    assert post(server).status_code == 401  # what is no browser says nothing


def test_who_opened_the_app_by_another_address_is_told_which_is_right(server):
    answer = post(server, {"Origin": "http://mood.lan:8080", "Host": "mood.lan:8080"})
    assert answer.status_code == 403
    assert f"open Moodtracker at {server.url}" in answer.text
    assert "MOODTRACKER_BASE_URL=http://mood.lan:8080" in answer.text


# When it comes


@pytest.mark.parametrize("name", ["Sec-Purpose", "Purpose"])
@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_a_page_is_not_made_before_somebody_wants_to_see_it(server, name, purpose):
    answer = httpx.get(f"{server.url}/login", headers={name: purpose})
    assert answer.status_code == 503
    assert answer.headers["cache-control"] == "no-store"
    style = httpx.get(f"{server.url}/assets/style.css", headers={name: purpose})
    assert style.status_code == 200


# How large it is


def test_a_file_is_not_taken(server):
    assert post(server, files={"login": b"x"}).status_code == 415
    assert post(server, json=FORM).status_code == 415


def test_a_mail_program_may_stop_the_mails_in_either_way_that_it_knows(server):
    """RFC 8058, 3.2: without cookies, from nowhere, as the one kind of form or the other."""
    address = f"{server.url}{unsubscribe.PATH}?of=forged"
    one_click = {"List-Unsubscribe": "One-Click"}
    parts = {name: (None, value) for name, value in one_click.items()}
    as_form, as_parts = httpx.post(address, data=one_click), httpx.post(address, files=parts)
    assert as_form.status_code == as_parts.status_code
    assert as_form.status_code != 415
    assert as_form.text == as_parts.text


def test_a_form_that_is_too_large_is_refused_whether_it_says_so_or_not(server):
    large = b"login=" + b"x" * limits.LARGEST_BODY
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert post(server, kind, content=large).status_code == 413
    assert post(server, kind, content=iter([large])).status_code == 413


def test_an_address_or_a_head_that_is_too_large_is_refused(server):
    assert httpx.get(f"{server.url}/login?next={'x' * 5000}").status_code == 414
    many = [(f"X-{number}", "x") for number in range(101)]
    assert httpx.get(f"{server.url}/login", headers=many).status_code == 431
    assert httpx.get(f"{server.url}/login", headers={"X": "x" * 33_000}).status_code == 431


# How long it takes


def body_of(*messages, after=None):
    """Read a body that comes in these parts, then waits for ``after`` seconds."""
    waiting = list(messages)

    async def receive():
        if not waiting:
            await asyncio.sleep(after)
        return waiting.pop(0)

    async def read():
        receiving = await limits.with_body(receive)
        return (await receiving())["body"]

    return run(read())


def part(body, more):
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_is_handed_on_in_one():
    assert body_of(part(b"a=", True), part(b"1", False)) == b"a=1"


def test_a_body_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr(limits, "_BODY_SECONDS", 0.05)
    with pytest.raises(BodyRefused) as refused:
        body_of(part(b"a", True), after=60)
    assert refused.value.answer.status_code == 408


def test_who_leaves_while_sending_is_forgotten():
    with pytest.raises(BodyRefused):
        body_of(part(b"a", True), {"type": "http.disconnect"})
