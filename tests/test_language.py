import pytest

from moodtracker.language import ENGLISH, direction, gettext, preferred, speaking, spoken


def test_english_is_spoken_where_nothing_else_was_said():
    assert (spoken(), direction(), gettext("Sign in")) == ("en", "ltr", "Sign in")


def test_a_language_that_is_not_known_is_english():
    with speaking("tlh"):
        assert spoken() == ENGLISH


@pytest.mark.parametrize(
    "wish", ["", "tlh", "*", "en-GB,en;q=0.9", "xx;q=oops, en", "en;q=0", ",;q=,", "a" * 10_000]
)
def test_a_browser_that_wishes_for_nothing_we_have_gets_english(wish):
    assert preferred(wish) == ENGLISH
