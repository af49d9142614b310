import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moodtracker.accounts.password_rules import refusal

NAMES = ("ada", "ada@lovelace.example", "Ada", "Lovelace")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "zwölf Boxkämpfer jagen",
        "رمز عبور طولانی من",
        "🙂🙃🫠🙂🙃🫠🤖🌷🚲🧀🪁🎷",
        "tulips grow on mars",
        "k3#xQ9!vLm2p",
    ],
)
def test_a_sentence_or_something_random_is_fine(password):
    assert refusal(password, NAMES) == ""


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "passwordpassword", "qwertyuiop12", "aaaaaaaaaaaa", "123456789012"),
        *("abcdefghijkl", "qwerty123456", "Password!123", "p@ssw0rdp@ssw0rd", "moodtracker12"),
        *("123qweasdzxc", "1qaz2wsx3edc", "000000000000", "moodtracker!"),
    ],
)
def test_what_is_guessed_first_is_refused(password):
    assert "guess" in refusal(password, NAMES)


@pytest.mark.parametrize(
    "password", ["AdaLovelace1", "lovelaceada7", "ada@lovelace.example", "Lovelace.Ada!"]
)
def test_what_is_made_of_the_persons_own_names_is_refused(password):
    assert "your own name" in refusal(password, NAMES)
    assert refusal(password, ("bob", "bob@home.example", "Bob", "")) == ""


def test_a_password_has_12_characters_or_more_and_at_most_256():
    assert "At least 12" in refusal("k3#xQ9!vLm2", NAMES)
    assert "At most 256" in refusal("tulips grow on mars " * 13, NAMES)
    assert refusal(("tulips grow on mars, 7 of them! " * 8)[:256], NAMES) == ""


@given(st.text(min_size=12, max_size=256), st.lists(st.text(max_size=40), max_size=4))
@settings(max_examples=30)
def test_any_text_is_judged_without_an_error(password, names):
    assert isinstance(refusal(password, names), str)
