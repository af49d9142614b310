import pytest
from hypothesis import given
from hypothesis import strategies as st

from moodtracker.accounts.devices import name_of

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
CHROME = "Chrome/156.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("system", "browser", "name"),
    [
        ("X11; Linux x86_64", CHROME, "Chrome on Linux"),
        ("X11; Linux x86_64; rv:150.0", "Gecko/20100101 Firefox/150.0", "Firefox on Linux"),
        ("Windows NT 10.0; Win64; x64", f"{CHROME} Edg/156.0.0.0", "Edge on Windows"),
        ("Macintosh; Intel Mac OS X 10_15_7", f"{WEBKIT}Safari/605.1.15", "Safari on Mac"),
        ("iPhone; CPU iPhone OS 26_0 like Mac OS X", f"{WEBKIT}Safari/604.1", "Safari on iPhone"),
        ("Linux; Android 16", CHROME, "Chrome on Android"),
        ("", "curl/8.0", "Unknown browser"),
    ],
)
def test_a_browser_is_told_as_a_person_knows_it(system, browser, name):
    assert name_of(f"Mozilla/5.0 ({system}) {browser}") == name


@given(st.text())
def test_whatever_a_browser_says_of_itself_its_name_is_one_of_ours(user_agent):
    assert name_of(user_agent).replace(" ", "").isalpha()
