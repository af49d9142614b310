"""Whom a request is from, and what nobody may claim."""

import sqlite3
from contextlib import closing
from ipaddress import ip_address, ip_network

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.forwarded import client_address
from support.server import Server

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/64"))
addresses = st.ip_addresses().map(str)


def test_who_is_no_trusted_proxy_speaks_for_itself():
    assert client_address("192.0.2.1", "198.51.100.7", PROXIES) == "192.0.2.1"
    assert client_address("192.0.2.1", "198.51.100.7", ()) == "192.0.2.1"


def test_a_trusted_proxy_says_for_whom_it_asks():
    assert client_address("10.0.0.1", "198.51.100.7", PROXIES) == "198.51.100.7"
    assert client_address("2001:db8::1", "2001:db9::7", PROXIES) == "2001:db9::7"


def test_the_last_address_that_is_no_proxy_s_counts():
    claimed = "203.0.113.9, 198.51.100.7, 10.0.0.2"
    assert client_address("10.0.0.1", claimed, PROXIES) == "198.51.100.7"


def test_a_proxy_that_asks_for_itself_is_the_client():
    assert client_address("10.0.0.1", "", PROXIES) == "10.0.0.1"
    assert client_address("10.0.0.1", "10.0.0.3, 10.0.0.2", PROXIES) == "10.0.0.3"


@pytest.mark.parametrize("nonsense", ["unknown", "", "_hidden", "198.51.100.7.8", "a" * 5000])
def test_what_is_no_address_ends_the_chain(nonsense):
    assert client_address("10.0.0.1", f"203.0.113.9, {nonsense}", PROXIES) == "10.0.0.1"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db9::7]:4711", "2001:db9::7"),
        ("[2001:db9::7]", "2001:db9::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_an_address_is_read_in_every_way_that_proxies_write_it(written, meant):
    assert client_address("10.0.0.1", written, PROXIES) == meant


def test_an_ipv4_proxy_is_known_on_a_socket_of_both_families():
    assert client_address("::ffff:10.0.0.1", "198.51.100.7", PROXIES) == "198.51.100.7"


@given(st.lists(st.one_of(addresses, st.text(max_size=20))), addresses)
def test_whatever_a_client_claims_it_is_known_by_what_the_proxy_adds(invented, real):
    real_is_proxy = any(ip_address(real) in network for network in PROXIES)
    mapped = real.startswith("::ffff:")
    found = client_address("10.0.0.1", ", ".join([*invented, real]), PROXIES)
    assert real_is_proxy or mapped or found == real


@given(st.text(), st.text())
def test_any_header_is_read_without_an_error(peer, claimed):
    assert isinstance(client_address(peer, claimed, PROXIES), str)


CLAIMS = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "attacker.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/attacker",
    "X-Forwarded-Port": "444",
    "Forwarded": "for=203.0.113.9;host=attacker.example;proto=https",
    "Host": "attacker.example",
}


@pytest.fixture(
    scope="module",
    params=[("", "127.0.0.1"), ("127.0.0.0/8,::1", "203.0.113.9")],
    ids=["no proxy is trusted", "this machine is a trusted proxy"],
)
def asked(request, tmp_path_factory):
    """A server, and the address that it is to believe."""
    trusted, believed = request.param
    server = Server(tmp_path_factory.mktemp("server"), TRUSTED_PROXIES=trusted).start()
    yield server, believed
    server.stop()


def test_a_failed_sign_in_is_noted_for_the_address_that_can_be_believed(asked):
    server, believed = asked
    for number in range(2):
        forged = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.9"}
        form = {"login": "nobody", "password": "wrong"}
        assert httpx.post(f"{server.url}/login", data=form, headers=forged).status_code == 401
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        told = database.execute("SELECT address FROM audit WHERE event = 'sign_in_failed'")
        assert told.fetchall() == [(believed,)] * 2


def test_nobody_says_under_which_address_the_app_is_reached(asked):
    server, _ = asked
    for path in ("/login", "/register"):
        answer = httpx.get(f"{server.url}{path}", headers=CLAIMS)
        assert "attacker" not in str(answer.headers)
        assert "attacker" not in answer.text
    sent_away = httpx.get(f"{server.url}/moods.csv", headers=CLAIMS)
    assert sent_away.headers["location"] == "/login?next=/moods.csv"
