from datetime import timedelta

import pytest
from sqlalchemy import text

from moodtracker.accounts import audit, links, new_password, sessions
from moodtracker.accounts.audit import Event
from moodtracker.accounts.links import LinkSpent
from moodtracker.accounts.registration import InvalidInput
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.accounts.throttling import Throttle
from moodtracker.secret import Secret
from support.signing_in import sign_in

OLD, NEW = "correct horse battery staple", "tulips grow on mars"


@pytest.fixture
def throttle(database):
    return Throttle(database, Secret("a key of more than thirty-two characters"))


def link_for(database, who):
    with database.write() as session:
        return links.make(session, "reset", who.person.id, who.person.email)


def kinds(database):
    with database.read() as session:
        return [row.kind for row in session.execute(text("SELECT kind FROM messages"))]


def test_a_link_gives_a_new_password_and_ends_every_session(database, join):
    ada, bob = join("ada"), join("bob")
    new_password.by_link(database, link_for(database, ada), NEW)
    assert not sessions.is_open(database, ada)
    assert sessions.is_open(database, bob)
    assert sign_in(database, "ada", NEW)
    with pytest.raises(SignInRefused):
        sign_in(database, "ada", OLD)
    assert kinds(database) == ["password_changed"]
    assert Event.PASSWORD_RESET in [line.event for line in audit.of(database, ada.person.id)]


def test_a_link_works_once_and_so_does_every_other_that_was_sent(database, join):
    ada = join("ada")
    first, second = link_for(database, ada), link_for(database, ada)
    new_password.by_link(database, first, NEW)
    for token in (first, second):
        with pytest.raises(LinkSpent):
            new_password.by_link(database, token, OLD)
    assert sign_in(database, "ada", NEW)


def test_a_link_is_worth_nothing_after_30_minutes(database, join, moved_clock):
    token = link_for(database, join("ada"))
    moved_clock.moment += timedelta(minutes=30)
    with pytest.raises(LinkSpent):
        new_password.by_link(database, token, NEW)


def test_a_link_for_one_account_is_worth_nothing_for_another(database, join):
    ada, bob = join("ada"), join("bob")
    token = link_for(database, ada)
    swapped = f"{bob.person.id}.{token.partition('.')[2]}"
    with pytest.raises(LinkSpent):
        new_password.by_link(database, swapped, NEW)
    assert sign_in(database, "bob", OLD)


def test_a_link_that_verifies_an_address_gives_no_password(database, join):
    ada = join("ada")
    with database.write() as session:
        token = links.make(session, "verify", ada.person.id, "ada@example.org")
    with pytest.raises(LinkSpent):
        new_password.by_link(database, token, NEW)


def test_a_link_to_an_account_that_was_switched_off_is_worth_nothing(database, join):
    token = link_for(database, join("ada"))
    with database.write() as session:
        session.execute(text("UPDATE users SET disabled_at = created_at"))
    with pytest.raises(LinkSpent):
        new_password.by_link(database, token, NEW)


def test_a_weak_password_leaves_the_link_as_good_as_before(database, join):
    token = link_for(database, join("ada"))
    for weak in ("short", "password1234", "ada.example.org"):
        with pytest.raises(InvalidInput):
            new_password.by_link(database, token, weak)
    assert new_password.by_link(database, token, NEW)


def test_changing_it_keeps_this_session_and_ends_the_others(database, join):
    ada = join("ada")
    other = sessions.find(database, sessions.open_session(database, ada.person.id))
    with database.write() as session:
        links.make(session, "reset", ada.person.id, "ada@example.org")
    new_password.change(database, ada, NEW)
    assert sessions.is_open(database, ada)
    assert not sessions.is_open(database, other)
    assert sign_in(database, "ada", NEW)
    assert kinds(database) == ["password_changed"]
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM links")) == 0


@pytest.mark.parametrize("typed", ["ada", "nobody", "ada@example.org", "a\0b", "x" * 5000, ""])
def test_asking_for_a_link_writes_the_same_whether_or_not_anybody_is_here(
    database, join, throttle, typed
):
    join("ada")
    new_password.ask_for_link(database, throttle, typed)
    with database.read() as session:
        (row,) = session.execute(text("SELECT user_id, kind FROM messages")).all()
    assert tuple(row) == (0, "reset")


def test_nobody_is_flooded_with_links(database, join, throttle, moved_clock):
    join("ada")
    for _ in range(10):
        new_password.ask_for_link(database, throttle, "ada")
    assert kinds(database) == ["reset"] * 3
