"""How browsers are told to treat answers, and that every page still works under it."""

import re
import sqlite3
from contextlib import closing

import httpx
import pytest

from support.server import WAIT_SECONDS, Server
from support.waiting import await_that


def policy(answer):
    """The directives of an answer's Content-Security-Policy."""
    directives = answer.headers["content-security-policy"].split("; ")
    return {name: sources for name, _, sources in (each.partition(" ") for each in directives)}


def get(server, path, cookie=None, **headers):
    cookies = {"moodtracker": cookie} if cookie else {}
    return httpx.get(f"{server.url}{path}", cookies=cookies, headers=headers)


@pytest.fixture(scope="module")
def cookie(server):
    return server.register("strict")


def test_every_answer_says_how_a_browser_has_to_treat_it(server, cookie):
    for path in ("/", "/login", "/healthz", "/assets/style.css", "/nowhere", "/moods.csv"):
        headers = get(server, path, cookie).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "strict-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/moods.json", "/board.png"])
def test_what_is_personal_is_kept_by_no_browser(server, cookie, path):
    assert get(server, path, cookie).headers["cache-control"] == "no-store"
    assert get(server, path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("ask", ["no mail", "ahead of time", "too often", "no database"])
def test_whoever_is_told_to_come_later_is_told_when(tmp_path, ask):
    server = Server(tmp_path).start()
    try:
        answer = later(server, ask)
    finally:
        server.stop()
    assert answer.status_code in (429, 503)
    assert int(answer.headers["retry-after"]) > 0


def later(server, ask):
    match ask:
        case "no mail":
            return get(server, "/forgot")
        case "ahead of time":
            return get(server, "/login", **{"Sec-Purpose": "prefetch"})
        case "too often":
            for _ in range(5):
                httpx.post(f"{server.url}/login", data={"login": "ada", "password": "wrong"})
            return httpx.post(f"{server.url}/login", data={"login": "ada", "password": "wrong"})
    with closing(sqlite3.connect(server.folder / "data" / "moodtracker.db")) as database:
        database.execute("ALTER TABLE alembic_version RENAME TO nowhere")
        database.commit()
    return await_that(lambda: answer if (answer := get(server, "/readyz")).is_error else None)


@pytest.mark.parametrize("path", ["/", "/login", "/register"])
def test_a_page_runs_no_script_but_ours(server, cookie, path):
    answer = get(server, path, cookie if path == "/" else None)
    allowed = policy(answer)
    assert allowed["default-src"] == "'none'"
    assert allowed["base-uri"] == allowed["frame-ancestors"] == "'none'"
    assert allowed["form-action"] == "'self'"
    assert "unsafe-inline" not in allowed["script-src"] + allowed["style-src"]

    nonce = re.search(r"'nonce-([\w-]{22})'", allowed["script-src"])[1]
    scripts = re.findall(r"<script\b[^>]*>", answer.text)
    assert scripts
    assert all(nonce in script or re.search(r'src="/\w', script) for script in scripts)
    assert "<style" not in answer.text
    assert nonce not in get(server, path, cookie).text


STRANGER_S = ["/login", "/register", "/forgot", "/reset?token=x", "/verify?token=x", "/offline"]
PERSON_S = ["/", "/settings", "/admin", "/nowhere", "/unsubscribe?of=x", "/year-end/preview"]


@pytest.mark.parametrize(("who", "paths"), [("stranger", STRANGER_S), ("person", PERSON_S)])
def test_no_page_wants_what_its_policy_forbids(server, cookie, open_browser, who, paths):
    """The browser that is opened here listens for that, and for errors of scripts."""
    page = open_browser(server, cookie if who == "person" else None).new_page()
    broken = []
    page.on("pageerror", lambda error: broken.append(error.message))
    for path in paths:
        page.goto(f"{server.url}{path}")
        if who == "person" and "_nicegui" in page.content():
            page.wait_for_function("window.did_handshake === true")
        page.wait_for_selector("main, table")
    assert broken == []


def test_a_script_that_slips_into_a_page_does_not_run(server, cookie, open_browser, request):
    """Were anything a person types ever written into a page, it would still do nothing."""
    page = open_browser(server, cookie, watched=False).new_page()
    page.goto(server.url)
    page.wait_for_function("window.did_handshake === true")
    page.evaluate(
        """() => {
            window.ran = [];
            window.refused = [];
            document.addEventListener("securitypolicyviolation", (violation) => {
                refused.push(violation.effectiveDirective);
            });
            const add = (markup) => document.body.insertAdjacentHTML("beforeend", markup);
            add("<img src=x: onerror=\\"ran.push('handler')\\">");
            add("<iframe srcdoc=\\"<script>parent.ran.push('frame')</script>\\"></iframe>");
            document.querySelector("iframe").addEventListener("load", () => refused.push("frame"));
            const script = document.createElement("script");
            script.textContent = "ran.push('inline')";
            document.body.append(script);
            const foreign = document.createElement("script");
            foreign.src = "data:text/javascript,ran.push('foreign')";
            document.body.append(foreign);
        }"""
    )
    page.wait_for_function(
        """() => ["script-src-attr", "script-src-elem", "script-src-elem", "frame"].every(
            (kind, at, all) => refused.filter((one) => one === kind).length
                >= all.filter((one) => one === kind).length)"""
    )
    assert page.evaluate("ran") == []


def test_a_page_sends_nothing_to_another_site(server, cookie, open_browser):
    page = open_browser(server, cookie, watched=False).new_page()
    page.goto(server.url)
    outcome = page.evaluate(
        "fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.message)"
    )
    assert outcome == "Failed to fetch"
    page.evaluate(
        """() => {
            document.addEventListener("securitypolicyviolation", (violation) => {
                window.refused = violation.effectiveDirective;
            });
            const form = document.createElement("form");
            form.action = "http://127.0.0.1:9/";
            document.body.append(form);
            form.submit();
        }"""
    )
    page.wait_for_function("window.refused === 'form-action'", timeout=WAIT_SECONDS * 1000)


@pytest.fixture(scope="module")
def public_server(tmp_path_factory):
    """As it stands on the internet, with a provider to sign in with."""
    server = Server(
        tmp_path_factory.mktemp("public"),
        BASE_URL="https://mood.example.org",
        OIDC_ISSUER="https://auth.example.org:8443/realms/home/",
        OIDC_CLIENT_ID="mood",
    ).start()
    yield server
    server.stop()


def test_behind_https_browsers_are_told_to_stay_there(public_server):
    answer = get(public_server, "/register")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "wss://mood.example.org" in policy(answer)["connect-src"]


def test_over_http_they_are_not(server):
    assert "strict-transport-security" not in get(server, "/login").headers


def test_a_form_may_lead_to_the_identity_provider_that_is_set(public_server):
    allowed = policy(get(public_server, "/register"))
    assert allowed["form-action"] == "'self' https://auth.example.org:8443"
