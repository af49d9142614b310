"""What strangers can have mailed to somebody else, over the real server and a real mail server."""

import sqlite3
from contextlib import closing

import httpx
import pytest

from support.server import NO_TLS, PASSWORD, WAIT_SECONDS
from support.waiting import await_that

VARIANTS = ["ada@e\ufe0fxample.org", "ADA@example.org", "a.da@example.org", "ada+{n}@example.org"]


@pytest.fixture
def mailing(make_server, mail_server):
    """A server with a mail server, that has proxies before it: requests come from any address."""
    return make_server(TRUSTED_PROXIES="127.0.0.1/32,::1/128", **mail_server.settings).start()


def post(server, number, path, **data):
    return httpx.post(
        server.url + path,
        data=data,
        headers={"X-Forwarded-For": f"203.0.113.{number}"},
        timeout=WAIT_SECONDS,
        verify=NO_TLS,
    )


def register(server, number, email, name="Eve"):
    return post(
        server,
        number,
        "/register",
        username=f"evil.example-{number}",
        email=email,
        first_name=name,
        password=PASSWORD,
        zone="UTC",
    )


def await_all_sent(server):
    """Until nothing waits to be mailed any more."""

    def waiting():
        with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
            return database.execute("SELECT count(*) FROM messages").fetchone()[0]

    await_that(lambda: waiting() == 0, told=lambda: server.log)


def test_a_mailbox_gets_a_handful_whoever_asks_by_whichever_form(mailing, mail_server):
    mailing.register("ada")
    await_all_sent(mailing)
    mail_server.taken.clear()
    for number in range(12):
        email = VARIANTS[number % len(VARIANTS)].format(n=number)
        answer = register(mailing, number, email, "WIN http://evil.example")
        assert answer.status_code in (303, 422), "an address with what cannot be seen is refused"
    await_all_sent(mailing)
    words = {post(mailing, n, "/forgot", login=VARIANTS[n % 2]).status_code for n in range(20, 40)}
    assert words == {200}
    await_all_sent(mailing)
    assert 4 <= len(mail_server.taken) <= 6
    for _, message in mail_server.taken:
        assert "evil" not in message.as_string().lower()
        assert "WIN" not in message["To"]
    assert "ada" not in mailing.log


def test_who_asks_is_told_the_same_whether_or_not_anybody_gets_a_mail(mailing):
    mailing.register("ada")
    answers = [
        post(mailing, number, "/forgot", login=login)
        for number, login in enumerate(["ada@example.org"] * 8 + ["nobody@example.org"] * 8)
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({len(answer.text) for answer in answers}) == 1


def test_somebody_s_year_so_far_is_sent_a_few_times_and_then_they_are_told(mailing, mail_server):
    cookie = mailing.register("ada")
    await_all_sent(mailing)
    mail_server.taken.clear()

    def send():
        return httpx.post(
            f"{mailing.url}/settings/year-end/send",
            cookies={"moodtracker": cookie},
            timeout=WAIT_SECONDS,
            follow_redirects=True,
            verify=NO_TLS,
        )

    for _ in range(4):
        assert send().status_code == 200
        await_all_sent(mailing)
    refused = send()
    assert refused.status_code == 422
    assert "often enough for today" in refused.text
    assert len(mail_server.taken) == 4
