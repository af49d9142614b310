"""Which names and addresses are one, wherever they are stored, looked up or counted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moodtracker.accounts import new_password
from moodtracker.accounts.folding import (
    counted_as,
    fold,
    fold_address,
    look_alikes,
    mailbox,
    mixes_alphabets,
    named_by,
)
from moodtracker.accounts.identity import Identity
from moodtracker.accounts.people import find
from moodtracker.accounts.proving import Proving, Visitor
from moodtracker.accounts.registration import InvalidInput
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.accounts.throttling import Throttle, TooManyTries
from moodtracker.models import messages
from moodtracker.secret import Secret
from support.loops import run

SECRET = Secret("a key of more than thirty-two characters")
# What is seen as boss@example.org, or leads there by itself.
VARIANTS = [
    "boss@e\ufe0fxample.org",
    "bo\u034fss@example.org",
    "boss@exam\u180bple.org",
    "bo\u200dss@example.org",
    "bo\u00adss@example.org",
    "b\u115foss@example.org",
    "\uff42oss@example.org",
    "boss@example\u3002org",
    "boss\uff20example.org",
    "BOSS@Example.ORG",
    " boss@example.org ",
    "boss@ex\U000e0100ample.org",
]
NAMES = ["BOSS", "bo\u034fss", "bos\ufe0fs", "\uff42oss", "b\u200boss", "\u3164boss", "b\u00adoss"]


@pytest.mark.parametrize("variant", VARIANTS, ids=ascii)
def test_a_variant_of_an_address_means_the_same_person(join, database, variant):
    boss = join("boss")
    assert find(database, variant).id == boss.person.id
    assert counted_as(variant) == counted_as("boss@example.org")
    assert mailbox(variant) == mailbox("boss@example.org")


@pytest.mark.parametrize("variant", NAMES, ids=ascii)
def test_a_variant_of_a_username_means_the_same_person(join, database, variant):
    boss = join("boss")
    assert find(database, variant).id == boss.person.id
    assert counted_as(variant) == counted_as("boss")


@pytest.mark.parametrize("variants", [VARIANTS, NAMES], ids=["address", "username"])
def test_guesses_at_all_variants_together_are_counted_as_one(join, database, moved_clock, variants):
    join("boss")
    proving = Proving(database, Throttle(database, SECRET), SECRET)
    looked_at = 0
    for number in range(50):
        login = variants[number % len(variants)]
        try:
            run(proving.sign_in(login, "just a guess of mine", Visitor("198.51.100.7")))
        except SignInRefused:
            looked_at += 1
        except TooManyTries:
            pass
    assert looked_at == 5


def test_links_that_are_asked_for_by_all_variants_are_counted_as_one(join, database, moved_clock):
    join("boss")
    throttle = Throttle(database, SECRET)
    for variant in [*VARIANTS, *VARIANTS]:
        new_password.ask_for_link(database, throttle, variant)
    with database.read() as session:
        asked = session.execute(messages.kind.table.select()).all()
    assert [row.email for row in asked] == ["boss@example.org"] * 3


@pytest.mark.parametrize("letters", ["ада", "аdа"], ids=ascii)
def test_letters_of_another_alphabet_are_counted_as_those_they_look_like(letters):
    assert counted_as("аԁа") == counted_as("ada")
    assert mixes_alphabets("аda")


@pytest.mark.parametrize(("here", "comes"), [("ace", "асе"), ("асе", "ace"), ("ова", "oba2")])
def test_a_username_that_looks_like_another_is_taken(database, join, here, comes):
    join(here)
    if comes not in look_alikes(here):
        join(comes)
        return
    with pytest.raises(InvalidInput) as refused:
        join(comes, email="other@example.org")
    assert set(refused.value.messages) == {"username"}


@pytest.mark.parametrize("name", ["аda", "αda", "bоb"], ids=ascii)
def test_a_username_of_several_alphabets_is_refused(join, name):
    with pytest.raises(InvalidInput) as refused:
        join(name, email="ada@example.org")
    assert set(refused.value.messages) == {"username"}


@pytest.mark.parametrize("name", ["zoë", "иван", "σοφία", "علي", "गौरव", "美咲", "user_2"])
def test_a_username_in_one_alphabet_is_taken_as_it_is(join, database, name):
    join(name, email="somebody@example.org")
    assert find(database, name).username == fold(name)


@pytest.mark.parametrize("address", ["bo\u034fss@example.org", "\uff42oss@example.org"], ids=ascii)
def test_a_provider_vouches_for_no_other_mailbox_than_it_names(address):
    claims = {"iss": "x", "sub": "1", "email": address, "email_verified": True}
    assert Identity.from_claims(claims, "").email is None


@pytest.mark.parametrize("tagged", ["ada.l+news@example.org", "a.d.a.l@example.org"])
def test_tags_and_dots_lead_to_the_same_mailbox(tagged):
    assert mailbox(tagged) == mailbox("adal@example.org")
    assert fold_address(tagged) == tagged, "it is written to as it is"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("victim@gmail.com", "v.ictim+x@GoogleMail.com"),
        ("quinn@fastmail.com", "tag7@quinn.fastmail.com"),
        ("quinn+a@fastmail.fm", "tag@quinn.fastmail.fm"),
        ("me@icloud.com", "me@mac.com"),
        ("me@icloud.com", "me@me.com"),
        ("p@proton.me", "p@pm.me"),
        ("p@protonmail.com", "p@proton.me"),
        ("y@yandex.ru", "y@ya.ru"),
    ],
)
def test_domains_of_one_provider_lead_to_the_same_mailbox(one, other):
    assert mailbox(one) == mailbox(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a@gmail.com", "a@gmail.example.com"),
        ("a@outlook.com", "a@hotmail.com"),
        ("a@x.example.com", "b@x.example.com"),
        ("quinn@fastmail.com", "quinn@fastmail.example"),
    ],
)
def test_domains_of_different_people_do_not(one, other):
    assert mailbox(one) != mailbox(other)


@pytest.mark.parametrize("field", ["username", "email"])
def test_of_an_endless_name_no_more_is_looked_at_than_a_name_may_have(join, monkeypatch, field):
    lengths = []
    normalize = unicodedata.normalize

    def measuring(form, text):
        lengths.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", measuring)
    endless = "\ufdfa" * 10_000  # of which each becomes 18 letters
    with pytest.raises(InvalidInput):
        join(**({"username": "ada"} | {field: endless}))
    assert max(lengths, default=0) < 10_000


@given(st.text(max_size=40))
def test_folding_again_changes_nothing(text):
    folded = fold(text)
    assert fold(folded) == folded
    assert unicodedata.is_normalized("NFKC", folded)
    assert counted_as(named_by(text)) == counted_as(text)


@pytest.mark.parametrize("mixed", ["bօbo", "bⲟbo", "bobᴏ", "ʙᴏʙ", "bഠbo", "aдam", "bоbo", "kаtja"])
def test_a_username_is_in_one_alphabet_of_some_language(mixed):
    assert mixes_alphabets(mixed)


@pytest.mark.parametrize(
    "usual",
    ["josé", "анна", "άννα", "山田たろう", "taro山田", "김민수", "नमस्ते", "محمد", "ɔkɔto", "łódź1"],
)
def test_usernames_as_people_write_them_are_of_one(usual):
    assert not mixes_alphabets(usual)


@pytest.mark.parametrize(("here", "comes"), [("koko", "коко"), ("toto", "τοτο")])
def test_a_whole_word_that_looks_like_another_is_the_same(here, comes):
    assert here in look_alikes(comes)
    assert comes in look_alikes(here)
