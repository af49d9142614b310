"""Every language has every word, and none that nobody says."""

import re
from collections import Counter
from gettext import c2py

import pytest

from moodtracker.accounts.audit import Event
from moodtracker.language import ENGLISH, LANGUAGES, gettext, ngettext, speaking
from pages.settings import activity
from support import words
from support.server import ROOT

OTHERS = sorted(set(LANGUAGES) - {ENGLISH})
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def texts(message):
    return message if isinstance(message, tuple) else (message,)


def placeholders(text):
    return set(_PLACEHOLDER.findall(text))


@pytest.fixture(scope="module")
def asked_for():
    """What stands in the code to be translated."""
    return {message.id for message in words.in_the_code() if message.id}


@pytest.fixture(params=OTHERS)
def catalogue(request):
    return words.catalogue(request.param)


@pytest.fixture
def messages(catalogue):
    return [message for message in catalogue if message.id]


def test_each_language_has_its_catalogue():
    folders = {folder.name for folder in (ROOT / "moodtracker" / "locales").iterdir()}
    assert folders - {"mapping.cfg"} == set(OTHERS)


def test_words_in_markup_and_in_templates_are_found(asked_for):
    assert {
        "Pick a mood",
        "Stop these mails:",
        ("day with a mood", "days with a mood"),
    } <= asked_for


def test_no_text_is_missing(catalogue, messages, asked_for):
    said = {message.id for message in messages if all(texts(message.string))}
    assert said >= asked_for, "`make words` puts what is new into the catalogues"


def test_no_text_is_left_that_nobody_says(catalogue, messages, asked_for):
    assert {message.id for message in messages} <= asked_for, "`make words` takes it out"
    assert not catalogue.obsolete


def test_no_text_is_a_guess(messages):
    assert [message.id for message in messages if message.fuzzy] == []


def test_every_placeholder_is_filled(catalogue, messages):
    numbers = Counter(map(c2py(catalogue.plural_expr), range(1000)))
    for message in messages:
        wanted = placeholders(texts(message.id)[-1])
        for form, text in enumerate(texts(message.string)):
            if isinstance(message.id, tuple) and numbers[form] == 1:
                assert placeholders(text) <= wanted, text  # 'one day' needs no figure
            else:
                assert placeholders(text) == wanted, text


def test_no_text_breaks_the_markup_that_it_is_put_into(messages):
    for message in messages:
        allowed = set("".join(texts(message.id)))
        for text in texts(message.string):
            assert not (set(text) & set('"<>&') - allowed), text


def test_a_text_begins_and_ends_as_in_english(messages):
    for message in messages:
        for text in texts(message.string):
            assert text == text.strip()
            assert text.endswith(":") == texts(message.id)[0].endswith(":"), text


def test_a_german_hears_german():
    with speaking("de"):
        assert gettext("Sign in") == "Anmelden"
        assert (
            ngettext("{kept} of {days} day", "{kept} of {days} days", 2)
            == "{kept} von {days} Tagen"
        )


def test_whatever_can_happen_to_an_account_is_told_in_words():
    assert all(activity._words(event) for event in Event)
