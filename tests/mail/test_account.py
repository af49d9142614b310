import re
from email import message_from_bytes, policy

import pytest

from moodtracker import clock
from moodtracker.accounts import addresses, links
from moodtracker.accounts.people import find
from moodtracker.mail.account import AccountMails
from moodtracker.mail.letter import Asked, Envelope
from moodtracker.mail.post import Kind
from moodtracker.models import UserRow, users

ABOUT_AN_ACCOUNT = {
    Kind.JOIN,
    Kind.VERIFY,
    Kind.RESET,
    Kind.ADDRESS_CHANGED,
    Kind.PASSWORD_CHANGED,
}
ENVELOPE = Envelope("Moodtracker <mood@example.org>", "https://mood.example.org/board", 30)


@pytest.fixture
def write(database):
    """Writes the mail of a kind; returns it, or None where there is nothing to send."""
    mails = AccountMails(database, ENVELOPE)

    def written(kind, email="ada@example.org", user_id=0, name="Ada"):
        now = clock.now()
        asked = Asked(user_id, kind, email, name, now, "f00", now)
        letter = mails.writers()[kind](asked)
        return letter and (
            letter.address,
            message_from_bytes(letter.content, policy=policy.default),
        )

    return written


def text_of(message):
    return re.sub(r"\s+", " ", message.get_body(["plain"]).get_content())


def token_in(message, purpose):
    """The token of the link, which stands in the plain text and in the HTML alike."""
    found = rf"https://mood\.example\.org/board/{purpose}\?token=([\w.-]+)"
    (token,) = set(re.findall(found, message.get_body(["plain"]).get_content() + html_of(message)))
    return token


def html_of(message):
    return message.get_body(["html"]).get_content()


def change(database, username, **values):
    with database.write() as session:
        session.execute(UserRow.__table__.update().where(users.username == username).values(values))


def test_every_mail_about_an_account_is_written_by_somebody(database):
    assert set(AccountMails(database, ENVELOPE).writers()) == ABOUT_AN_ACCOUNT


@pytest.mark.parametrize("kind", [Kind.JOIN, Kind.VERIFY])
def test_the_link_to_a_new_address_verifies_it(database, join, write, kind):
    ada = join("ada", verified=False).person
    address, message = write(kind, user_id=ada.id)
    assert address == "ada@example.org"
    addresses.verify(database, token_in(message, "verify"))
    assert find(database, "ada").mail_address == "ada@example.org"


@pytest.mark.parametrize("kind", [Kind.JOIN, Kind.VERIFY])
def test_nothing_that_a_stranger_typed_stands_in_the_mail_to_an_address_that_is_not_verified(
    join, write, kind
):
    eve = join(
        "win.at.evil.example",
        email="ada@example.org",
        first_name="WIN http://evil.example",
        last_name="Click",
        verified=False,
    ).person
    address, message = write(kind, user_id=eve.id)
    assert address == message["To"] == "ada@example.org"
    whole = f"{message['Subject']} {text_of(message)} {html_of(message)}".lower()
    assert not [word for word in ("evil", "win", "click") if word in whole.replace("window", "")]


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.PASSWORD_CHANGED])
def test_a_verified_address_gets_its_person_s_own_name(join, write, kind):
    ada = join("ada").person
    _, message = write(kind, email="ada", user_id=ada.id)
    assert "Ada" in message["To"]


@pytest.mark.parametrize("kind", [Kind.JOIN, Kind.VERIFY])
def test_the_owner_of_an_address_is_told_that_somebody_else_gave_it(join, write, kind):
    join("ada")
    eve = join("eve", email="ada@example.org", verified=False).person
    address, message = write(kind, user_id=eve.id)
    assert address == "ada@example.org"
    assert "already have an account" in message["Subject"]
    assert "your account ada" in text_of(message)
    assert "token=" not in text_of(message)
    assert "eve" not in text_of(message).lower()


def test_an_address_that_was_verified_meanwhile_gets_no_second_link(join, write):
    ada = join("ada").person
    assert write(Kind.VERIFY, user_id=ada.id) is None


@pytest.mark.parametrize("typed", ["ada", "ADA", "ada@example.org", "Ada@Example.org"])
def test_the_link_to_a_new_password_goes_to_the_verified_address(database, join, write, typed):
    ada = join("ada").person
    address, message = write(Kind.RESET, email=typed)
    assert address == "ada@example.org"
    link = links.look_at(database, "reset", token_in(message, "reset"))
    assert (link.user_id, link.email) == (ada.id, "ada@example.org")


@pytest.mark.parametrize("typed", ["nobody", "nobody@example.org", "", "a\0b", "x" * 300])
def test_for_somebody_who_is_not_here_nothing_is_sent(join, write, typed):
    join("ada")
    assert write(Kind.RESET, email=typed) is None


def test_an_address_that_was_never_verified_gets_no_link_to_a_new_password(join, write):
    join("ada", verified=False)
    assert write(Kind.RESET, email="ada") is None


def test_whoever_is_switched_off_gets_no_links(database, join, write):
    ada = join("ada").person
    change(database, "ada", disabled_at=clock.now())
    assert write(Kind.RESET, email="ada") is None
    assert write(Kind.VERIFY, email="new@example.org", user_id=ada.id) is None


def test_the_old_address_is_told_that_the_account_has_another(join, write):
    ada = join("ada", email="new@example.org").person
    address, message = write(Kind.ADDRESS_CHANGED, email="old@example.org", user_id=ada.id)
    assert address == "old@example.org"
    assert "new mail address" in text_of(message)
    assert "new@example.org" not in text_of(message)


def test_a_changed_password_is_told_with_its_moment_in_the_person_s_zone(join, write, moved_clock):
    moved_clock.set(2026, 11, 24, 12, 30)
    ada = join("ada", "Asia/Tokyo").person
    address, message = write(Kind.PASSWORD_CHANGED, email="", user_id=ada.id)
    assert address == "ada@example.org"
    assert "since 24 November, 21:30" in text_of(message)
    assert "https://mood.example.org/board/forgot" in html_of(message)


def test_somebody_who_left_gets_no_other_mail(write):
    for kind in ABOUT_AN_ACCOUNT:
        assert write(kind, user_id=4711) is None


def test_a_name_can_be_neither_markup_nor_a_header(join, write):
    name = "<b>Ada</b>"
    join("ada", first_name=name)
    _, message = write(Kind.RESET, email="ada")
    assert name not in html_of(message)
    assert "&lt;b&gt;Ada&lt;/b&gt;" in html_of(message)


def test_each_try_is_the_same_message_to_a_mail_program(join, write, moved_clock):
    ada = join("ada").person
    first, again = (write(Kind.PASSWORD_CHANGED, user_id=ada.id)[1] for _ in range(2))
    assert first["Message-ID"] == "<f00@example.org>"
    assert first.as_bytes() == again.as_bytes()


def test_no_mail_brings_anything_from_elsewhere(join, write):
    ada = join("ada", verified=False).person
    _, message = write(Kind.JOIN, user_id=ada.id)
    assert "<img" not in html_of(message)
    assert set(re.findall(r"https?://[^/\s\"]+", html_of(message))) == {"https://mood.example.org"}
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"


def test_a_link_s_secret_is_not_in_the_database(database, join, write):
    ada = join("ada", verified=False).person
    _, message = write(Kind.JOIN, user_id=ada.id)
    secret = token_in(message, "verify").partition(".")[2]
    with database.read() as session:
        stored = str(session.execute(links.LinkRow.__table__.select()).all())
    assert secret not in stored
