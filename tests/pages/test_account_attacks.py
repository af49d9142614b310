"""What a hostile visitor tries, against the real server."""

import html
import re
import time
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text, update

from moodtracker import clock
from moodtracker.accounts import links
from moodtracker.accounts.people import find
from moodtracker.database import Database
from moodtracker.models import ThrottleRow
from support.open_page import OpenPage
from support.ranks import difference
from support.server import PASSWORD, Server

NEW = "tulips grow on mars"
MAIL = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9", "MAIL_FROM": "mood@example.org"}
TRIES = 100  # of each of two kinds
FAR_APART = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One that has proxies before it, so that a request can come from any address."""
    running = Server(
        tmp_path_factory.mktemp("server"), TRUSTED_PROXIES="127.0.0.1/32,::1/128", **MAIL
    ).start()
    yield running
    running.stop()


class Visitor:
    """Somebody at an address of their own, with a jar of cookies."""

    count = 0

    def __init__(self, server, cookie=None):
        Visitor.count += 1
        number = Visitor.count
        self.address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self._server = server
        self._client = httpx.Client(
            base_url=server.url,
            cookies={"moodtracker": cookie} if cookie else {},
            headers={"X-Forwarded-For": self.address},
            timeout=60,
        )

    def get(self, path, **more):
        return self._client.get(path, **more)

    def post(self, path, **data):
        return self._client.post(path, data=data)

    def sign_in(self, login, password=PASSWORD):
        return self.post("/login", login=login, password=password)

    def is_signed_in(self):
        return self.get("/moods.json").status_code == 200


def database_of(server):
    return Database(f"sqlite:///{server.folder / 'data' / 'moodtracker.db'}")


def reset_token(server, username):
    database = database_of(server)
    person = find(database, username)
    with database.write() as session:
        token = links.make(session, "reset", person.id, person.email)
    database.close()
    return token


def words_of(answer):
    """An answer without what differs between any two: ids, nonces, what was typed."""
    words = html.unescape(answer.text)
    words = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|nonce=\"[^\"]*\"", "", words)
    return re.sub(r"(\"value\":\s*)\"[^\"]*\"", r"\1", words)


# Sessions


@pytest.mark.parametrize(
    "end",
    [
        lambda me, other: me.post("/logout"),
        lambda me, other: other.post("/settings/devices/sign-out-others"),
        lambda me, other: other.post("/settings/password", password=PASSWORD, new=NEW),
        lambda me, other: other.post("/settings/leave", password=PASSWORD),
    ],
    ids=["signed out", "signed out elsewhere", "password changed", "left"],
)
def test_a_cookie_that_was_copied_is_worth_nothing_after_the_session_ended(server, end):
    username = f"copied{Visitor.count}"
    copied = server.register(username)
    me, thief, other = Visitor(server, copied), Visitor(server, copied), Visitor(server)
    assert other.sign_in(username).status_code == 303
    assert thief.is_signed_in()
    assert end(me, other).status_code in (200, 303)
    assert not thief.is_signed_in()


def test_a_session_that_somebody_else_chose_is_not_taken_over(server):
    server.register("fixed")
    chosen = server.register("chooser")
    for planted in (chosen, "1.chosen", "x"):
        victim = Visitor(server, planted)
        answer = victim.sign_in("fixed")
        assert answer.cookies["moodtracker"] != planted
        thief = Visitor(server, planted)
        assert not thief.is_signed_in()


def test_an_open_socket_does_nothing_more_once_its_session_ended(server):
    cookie = server.register("socketed")
    page = OpenPage(server, cookie)
    with page.connected() as socket:
        other = Visitor(server)
        other.sign_in("socketed")
        other.post("/settings/devices/sign-out-others")
        socket.await_words("/login")
        socket.event("tap", page.tap(5))
        socket.await_end()
        assert other.get("/moods.json").json()["entries"] == []


# Guessing


def stop_the_time_of_waiting(server):
    """Let whoever has to wait now wait for minutes: else the next try is free after a second."""
    database = database_of(server)
    with database.write() as session:
        session.execute(update(ThrottleRow).values(failed_at=clock.now() + timedelta(minutes=5)))
    database.close()


def test_guesses_through_many_addresses_keep_nobody_out(server):
    server.register("guessed")
    for n in range(24):
        assert Visitor(server).sign_in("guessed", f"guess number {n}").status_code == 401
    assert Visitor(server).sign_in("guessed").status_code == 303


def test_guesses_from_one_address_have_to_wait_and_keep_out_that_address_alone(server):
    server.register("patient")
    guesser = Visitor(server)
    for n in range(5):
        assert guesser.sign_in("patient", f"guess {n}").status_code == 401
    stop_the_time_of_waiting(server)
    assert guesser.sign_in("patient", "guess 5").status_code == 429
    assert "Please wait" in words_of(guesser.sign_in("patient"))
    assert Visitor(server).sign_in("patient").status_code == 303


def test_guesses_on_the_settings_page_have_to_wait(server):
    me = Visitor(server, server.register("borrowed"))
    for n in range(5):
        assert me.post("/settings/leave", password=f"guess number {n}").status_code == 422
    stop_the_time_of_waiting(server)
    assert me.post("/settings/leave", password="guess number 5").status_code == 429
    assert me.is_signed_in()


# Who is here


@pytest.mark.parametrize("path", ["/login", "/forgot"])
def test_whether_somebody_is_here_makes_no_difference_to_the_words(server, path):
    if find(database_of(server), "known") is None:
        server.register("known")
    answers = [
        Visitor(server).post(path, login=login, password="wrong password")
        for login in ("known", "known@example.org", "unknown", "unknown@example.org")
    ]
    assert len({answer.status_code for answer in answers}) == 1
    assert len({words_of(answer) for answer in answers}) == 1


def test_registering_tells_nobody_whether_an_address_is_known(server):
    server.register("owner")
    answers = [
        Visitor(server).post(
            "/register",
            username=username,
            email=email,
            first_name="Eve",
            password=PASSWORD,
            zone="UTC",
        )
        for username, email in (("eve1", "owner@example.org"), ("eve2", "nobody@example.org"))
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.headers["location"] for answer in answers}) == 1


def test_ranks_tell_a_shift_and_no_shift_apart():
    calm = [float(n % 37) for n in range(TRIES)]
    assert difference(calm, calm) < 1
    assert difference(calm, [value + 15 for value in calm]) > FAR_APART


def took(visitor, path, **data):
    begun = time.perf_counter()
    visitor.post(path, **data)
    return time.perf_counter() - begun


@pytest.fixture(scope="module")
def people(server):
    """Names of people who are here, as many as the tests of time take."""
    names = [f"timed{n}" for n in range(10)]
    for name in names:
        server.register(name)
    return names


def interleaved(server, known, unknown, send):
    """The times of tries of both kinds, in turn, each from an address of its own."""
    times = [], []
    for n in range(TRIES):
        for kind, logins in enumerate((known, unknown)):
            times[kind].append(send(Visitor(server), logins[n % len(logins)]))
    return times


def test_signing_in_takes_as_long_whether_or_not_somebody_is_here(server, people):
    unknown = [f"absent{n}" for n in range(10)]
    known_times, unknown_times = interleaved(
        server,
        people,
        unknown,
        lambda visitor, login: took(visitor, "/login", login=login, password="wrong password"),
    )
    assert difference(known_times, unknown_times) < FAR_APART


def test_asking_for_a_link_takes_as_long_whether_or_not_somebody_is_here(server, people):
    unknown = [f"nobody{n}" for n in range(10)]
    known_times, unknown_times = interleaved(
        server, people, unknown, lambda visitor, login: took(visitor, "/forgot", login=login)
    )
    assert difference(known_times, unknown_times) < FAR_APART


def test_registering_takes_as_long_whether_or_not_an_address_is_known(server, people):
    def register(visitor, email):
        return took(
            visitor,
            "/register",
            username=f"new{Visitor.count}",
            email=email,
            first_name="Eve",
            password=PASSWORD,
            zone="UTC",
        )

    known_times, unknown_times = interleaved(
        server,
        [f"{name}@example.org" for name in people],
        [f"fresh{n}@example.org" for n in range(TRIES)],
        register,
    )
    assert difference(known_times, unknown_times) < FAR_APART


# Addresses


def test_a_new_address_needs_the_password_and_counts_only_once_it_is_confirmed(server):
    me = Visitor(server, server.register("mover"))
    for password in ("", "not my password"):
        answer = me.post("/settings/address", email="eve@example.org", password=password)
        assert answer.status_code == 422
    assert me.post("/settings/address", email="no address", password=PASSWORD).status_code == 422
    answer = me.post("/settings/address", email="moved@example.org", password=PASSWORD)
    assert answer.status_code == 303
    database = database_of(server)
    mover = find(database, "mover")
    assert mover.mail_address == "mover@example.org"
    with database.write() as session:
        token = links.make(session, "verify", mover.id, "moved@example.org")
    assert Visitor(server).get(f"/verify?token={token}").status_code == 200
    assert find(database, "mover").mail_address == "mover@example.org"
    assert Visitor(server).post("/verify", token=token).status_code == 200
    assert find(database, "mover").mail_address == "moved@example.org"
    assert Visitor(server).post("/verify", token=token).status_code == 410
    with database.read() as session:
        told = session.execute(
            text("SELECT email FROM messages WHERE kind = 'address_changed'")
        ).scalars()
        assert list(told) == ["mover@example.org"]
    database.close()


def test_an_address_that_is_confirmed_for_one_cannot_be_confirmed_for_another(server):
    server.register("first1")
    me = Visitor(server, server.register("second2"))
    me.post("/settings/address", email="first1@example.org", password=PASSWORD)
    database = database_of(server)
    with database.write() as session:
        token = links.make(session, "verify", find(database, "second2").id, "first1@example.org")
    assert Visitor(server).post("/verify", token=token).status_code == 409
    assert find(database, "first1@example.org").username == "first1"
    database.close()


@pytest.mark.parametrize(
    ("path", "free"), [("/forgot", 10), ("/reset", 10), ("/verify", 20)], ids=str
)
def test_links_are_asked_for_and_tried_a_few_times_from_one_address(server, path, free):
    hasty = Visitor(server)
    for _ in range(free):
        assert hasty.post(path, login="whoever", token="1.x").status_code != 429
    stop_the_time_of_waiting(server)
    assert hasty.post(path, login="whoever", token="1.x").status_code == 429


# Links


def test_a_link_to_a_new_password_works_once(server):
    server.register("resetter")
    token = reset_token(server, "resetter")
    assert Visitor(server).post("/reset", token=token, password=NEW).status_code == 303
    again = Visitor(server).post("/reset", token=token, password="somebody else's words")
    assert again.status_code == 410
    assert "does not work any more" in again.text
    assert Visitor(server).sign_in("resetter", NEW).status_code == 303


def test_a_link_to_a_new_password_is_worth_nothing_when_it_is_late(server):
    server.register("latecomer")
    token = reset_token(server, "latecomer")
    database = database_of(server)
    with database.write() as session:
        session.execute(text("UPDATE links SET expires_at = '2020-01-01 00:00:00+00:00'"))
    database.close()
    assert Visitor(server).get(f"/reset?token={token}").status_code == 410
    assert Visitor(server).post("/reset", token=token, password=NEW).status_code == 410
    assert Visitor(server).sign_in("latecomer").status_code == 303


def test_a_link_for_one_account_does_nothing_to_another(server):
    server.register("target")
    server.register("attacker")
    database = database_of(server)
    target = find(database, "target")
    database.close()
    secret = reset_token(server, "attacker").partition(".")[2]
    answer = Visitor(server).post("/reset", token=f"{target.id}.{secret}", password=NEW)
    assert answer.status_code == 410
    assert Visitor(server).sign_in("target").status_code == 303


@pytest.mark.parametrize("token", ["", "x", "1.x", "1." + "x" * 500, "é", "1.\0"], ids=range(6))
def test_a_forged_link_is_answered_in_words(server, token):
    status = 422 if "\0" in token else 410  # NUL is no text, wherever it stands
    for path in ("/reset", "/verify"):
        visitor = Visitor(server)
        assert visitor.get(path, params={"token": token}).status_code == status
        assert visitor.post(path, token=token, password=NEW).status_code == status


def test_looking_at_a_link_does_not_use_it_up(server):
    server.register("scanned")
    token = reset_token(server, "scanned")
    for _ in range(3):
        assert Visitor(server).get(f"/reset?token={token}").status_code == 200
    assert Visitor(server).post("/reset", token=token, password=NEW).status_code == 303


# Forms


FORMS = [
    *("/forgot", "/reset", "/verify", "/register", "/login", "/logout"),
    *("/settings/address", "/settings/address/again", "/settings/password", "/settings/leave"),
    *("/settings/devices/sign-out", "/settings/devices/sign-out-others", "/settings/everything"),
    *("/admin/people/delete", "/admin/people/switch-off", "/admin/people/switch-on"),
    "/admin/year-end/bounce",
    *("/admin/people/send-link", "/admin/invitations", "/admin/invitations/withdraw"),
]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_another_site_sends_is_refused(server, people, path):
    cookie = getattr(server, "cookie", None) or server.register("surfer")
    server.cookie = cookie
    answer = httpx.post(
        f"{server.url}{path}",
        data={"password": PASSWORD},
        cookies={"moodtracker": cookie},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", [path for path in FORMS if path.startswith(("/set", "/adm"))])
def test_a_stranger_s_form_leads_to_the_sign_in_page(server, path):
    answer = Visitor(server).post(path, password=PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/login") or answer.headers["location"] == "login"


@pytest.mark.parametrize("path", [path for path in FORMS if path.startswith("/admin")])
def test_the_administration_does_nothing_for_others(server, people, path):
    cookie = getattr(server, "nosy", None) or server.register("nosy")
    server.nosy = cookie
    database = database_of(server)
    victim = find(database, people[0])
    database.close()
    answer = Visitor(server, cookie).post(path, id=str(victim.id), sure="yes")
    assert answer.status_code == 404
    database = database_of(server)
    assert find(database, people[0]) == victim
    database.close()


# Joining


def test_an_invitation_lets_one_person_in_and_nobody_without_one(make_server):
    server = make_server(REGISTRATION="invite").start()
    administrator = Visitor(server, server.register("ada"))
    form = {"first_name": "Bob", "password": PASSWORD, "zone": "UTC"}
    stranger = Visitor(server)
    assert stranger.get("/register").status_code == 403
    eve = {"username": "eve", "email": "e@example.org"}
    assert stranger.post("/register", **eve, **form).status_code == 403

    administrator.post("/admin/invitations")
    said = html.unescape(administrator.get("/admin").text)
    token = re.search(r"register\?invitation=([\w-]+)", said)[1]
    guest = Visitor(server)
    assert guest.get(f"/register?invitation={token}").status_code == 200
    bob = {"username": "bob", "email": "b@example.org", "invitation": token}
    assert guest.post("/register", **bob, **form).status_code == 303
    assert guest.is_signed_in()
    late = Visitor(server)
    assert late.get(f"/register?invitation={token}").status_code == 410
    assert late.post("/register", **eve, **form, invitation=token).status_code == 410
    assert "eve" not in server.command("user", "list").stdout


def test_beyond_its_own_machine_the_first_person_shows_the_code_of_the_log(make_server):
    server = make_server(REGISTRATION="first", HOST="0.0.0.0").start()
    (code,) = re.findall(r"setup code ([A-Z2-7-]{19})", server.log)
    form = {
        "username": "ada",
        "email": "ada@example.org",
        "first_name": "Ada",
        "password": PASSWORD,
        "zone": "UTC",
    }
    visitor = Visitor(server)
    assert "Setup code" in html.unescape(visitor.get("/register").text)
    for wrong in ({}, {"setup_code": "AAAA-AAAA-AAAA-AAAA"}):
        answer = visitor.post("/register", **form, **wrong)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
    assert visitor.post("/register", **form, setup_code=code.lower()).status_code == 303
    assert "(administrator)" in server.command("user", "list").stdout
    server.stop()
    server.start()
    assert server.log.count(code) == 1


def test_an_administrator_switches_somebody_off_at_once(make_server):
    server = make_server().start()
    administrator = Visitor(server, server.register("ada"))
    bob = Visitor(server, server.register("bob"))
    assert bob.is_signed_in()
    assert administrator.post("/admin/people/switch-off", id="2").status_code == 303
    assert not bob.is_signed_in()
    assert bob.sign_in("bob").status_code == 401
    assert administrator.post("/admin/people/switch-on", id="2").status_code == 303
    assert bob.sign_in("bob").status_code == 303
    assert administrator.post("/admin/people/delete", id="2").status_code == 422  # not sure
    assert administrator.post("/admin/people/delete", id="2", sure="yes").status_code == 303
    assert not bob.is_signed_in()
    for id_ in ("1", "99", "x", "", "-1", "9" * 50):
        answer = administrator.post("/admin/people/switch-off", id=id_)
        assert answer.status_code in (303, 422)
    assert administrator.is_signed_in()
