"""No page says anything that does not go through the catalogues."""

import re

import httpx
import pytest

from moodtracker import language
from support import demo_server
from support.pseudo_main import PSEUDO
from support.server import ROOT, WAIT_SECONDS, Server

# What is the same in every language, or a person's own: names, days and formats.
_DAYS = [
    language.month(number, width) for number in range(1, 13) for width in ("wide", "abbreviated")
]
_DAYS += [
    language.weekday(number, width) for number in range(7) for width in ("wide", "abbreviated")
]
_DAYS += ["Sept"]  # as Babel has it
_NAMES = ["Moodtracker", "Ada", "Demo", "demo", "Firefox on Linux", "A long walk by the river"]
_NAMES += [
    "SVG",
    "PNG",
    "PDF",
    "CSV",
    "JSON",
    "Letter",
    "A4",
    "Circled",
    "UTC",
    *language.LANGUAGES.values(),
]
_SAME = re.compile(rf"\S+@\S+|https?://\S+|\b(?:{'|'.join(_NAMES + _DAYS)})\b")
_SAID = """() => {
  const said = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (!text.parentElement.closest("script, style, code, #zone, #day-zone")) said.push(text.data);
  }
  const names = ["title", "aria-label", "alt", "placeholder", "data-words"];
  for (const one of document.querySelectorAll(names.map((name) => `[${name}]`)))
    for (const name of names)
      said.push((one.getAttribute(name) ?? "").replace(/[{]\\w+[}]/g, ""));
  said.push(...Object.values(document.querySelector("#message")?.dataset ?? {}));
  return said;
}"""


@pytest.fixture(scope="module")
def circled(tmp_path_factory):
    """A server that speaks the language in which what is translated is seen, and a cookie."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Server, "program", ROOT / "tests" / "support" / "pseudo_main.py")
        with demo_server.serving(tmp_path_factory.mktemp("words")) as served:
            yield served


def plain(texts):
    return [text.strip() for text in texts if re.search("[A-Za-z]{2}", _SAME.sub("", text))]


@pytest.mark.parametrize(
    "path", ["/", "/?mood=4&day=2026-11-23", "/settings", "/admin", "/nowhere", "/offline"]
)
def test_a_page_of_somebody_says_nothing_untranslated(circled, open_browser, path):
    assert plain(said_at(circled, open_browser, path)) == []


@pytest.mark.parametrize(
    "path", ["/login", "/register", "/forgot", "/reset", "/verify", "/unsubscribe"]
)
def test_a_page_for_strangers_says_nothing_untranslated(circled, open_browser, path):
    assert plain(said_at((circled[0], None), open_browser, path)) == []


def said_at(served, open_browser, path):
    server, cookie = served
    context = open_browser(
        server, cookie, extra_http_headers={"Accept-Language": PSEUDO}, watched=False
    )
    page = context.new_page()
    page.goto(server.url + path)
    page.wait_for_selector("h1")
    said = page.evaluate(_SAID)
    page.close()
    assert any("Ⓐ" <= letter <= "ⓩ" for text in said for letter in text)
    return said


def test_what_the_door_refuses_is_said_in_the_language_of_the_browser(circled):
    server, _ = circled
    speak = {"Accept-Language": PSEUDO}
    answers = [
        httpx.post(f"{server.url}/login", headers=speak | {"Origin": "https://e.example"}),
        httpx.get(f"{server.url}/?{'a' * 5000}", headers=speak, timeout=WAIT_SECONDS),
        httpx.put(f"{server.url}/", headers=speak, timeout=WAIT_SECONDS),
    ]
    assert [answer.status_code for answer in answers] == [403, 414, 405]
    for answer in answers[1:]:
        assert plain([answer.text]) == []
    assert "Ⓣⓗⓘⓢ" in answers[0].text
