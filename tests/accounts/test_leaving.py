import io
import json
import zipfile

import pytest
from sqlalchemy import text

from moodtracker.accounts import (
    addresses,
    administering,
    administrators,
    audit,
    invitations,
    leaving,
    links,
    sessions,
    takeout,
)
from moodtracker.accounts.administering import NotThisOne
from moodtracker.accounts.audit import Event
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.mail.goodbye import Farewell
from moodtracker.models import metadata
from moodtracker.moods import Mood
from support.signing_in import sign_in

PASSWORD = "correct horse battery staple"


def rows_of(database, user_id):
    """How many rows of each table are about a person."""
    found = {}
    with database.read() as session:
        for name, table in metadata.tables.items():
            column = "id" if name == "users" else "user_id" if "user_id" in table.c else None
            if column:
                found[name] = session.scalar(
                    text(f"SELECT count(*) FROM {name} WHERE {column} = :id"), {"id": user_id}
                )
    return {name: count for name, count in found.items() if count}


def waiting_mails(database):
    with database.read() as session:
        return session.execute(text("SELECT user_id, kind, email, name FROM messages")).all()


@pytest.fixture
def busy(database, join, diary):
    """Somebody of whom there is something in every place."""
    who = join("ada")
    diary.record(who, diary.read(who).today, Mood.GOOD, "tap1tap1tap1")
    with database.write() as session:
        addresses.ask_for_verification(session, who.person.id, "new@example.org")
        links.make(session, "reset", who.person.id, "ada@example.org")
        session.execute(
            text(
                "INSERT INTO sealed_years (user_id, year, zone, moods, state, sealed_at, due_at, "
                "next_try_at, message_id) VALUES (:id, 2025, 'UTC', '[]', 'pending', :now, :now, "
                ":now, 'x')"
            ),
            {"id": who.person.id, "now": "2026-01-01 00:00:00+00:00"},
        )
    return who


def test_whoever_leaves_is_gone_from_every_table_at_once(database, join, busy):
    administrators.promote(database, join("bob").person.id)
    assert {"users", "sessions", "entries", "links", "messages", "audit", "sealed_years"} <= set(
        rows_of(database, busy.person.id)
    )
    leaving.delete_account(database, busy.person.id)
    assert rows_of(database, busy.person.id) == {}
    assert sign_in(database, "bob", PASSWORD)
    with pytest.raises(SignInRefused):
        sign_in(database, "ada", PASSWORD)


def test_whoever_leaves_is_told_by_mail_and_by_nothing_else(database, busy):
    farewell = leaving.delete_account(database, busy.person.id)
    assert farewell == Farewell("ada@example.org", "Ada", "")
    assert waiting_mails(database) == []
    assert audit.of(database, audit.NOBODY)[0].event == Event.DELETED


def test_an_address_that_was_never_verified_gets_no_goodbye(database, join):
    assert leaving.delete_account(database, join("ada", verified=False).person.id) is None


def test_leaving_twice_is_no_matter(database, busy):
    assert leaving.delete_account(database, busy.person.id)
    assert leaving.delete_account(database, busy.person.id) is None


def test_invitations_of_somebody_who_left_are_still_good(database, busy):
    token = invitations.make(database, busy.person.id)
    leaving.delete_account(database, busy.person.id)
    with database.read() as session:
        assert invitations.is_good(session, token)
        assert session.scalar(text("SELECT invited_by FROM invitations")) is None


# Everything as one file


def unpacked(database, diary, who):
    packed = takeout.pack(database, who, [diary.read(who)], "192.0.2.1")
    return zipfile.ZipFile(io.BytesIO(packed))


def test_the_file_holds_the_account_and_the_year_in_every_form(database, diary, busy):
    files = unpacked(database, diary, busy)
    year = diary.read(busy).year
    assert set(files.namelist()) == {
        "account.json",
        *(f"moodtracker-{year}.{kind}" for kind in ("json", "csv", "png")),
    }
    assert json.loads(files.read(f"moodtracker-{year}.json"))["entries"][0]["name"] == "good"
    assert files.read(f"moodtracker-{year}.png").startswith(b"\x89PNG")


def test_the_account_in_it_tells_all_that_is_known_and_no_secret(database, diary, busy):
    account = json.loads(unpacked(database, diary, busy).read("account.json"))
    assert account["account"]["username"] == "ada"
    assert account["account"]["email"] == "ada@example.org"
    assert len(account["signed_in"]) == 1
    assert account["log"][0]["event"] == "exported"
    written = json.dumps(account)
    assert "argon2" not in written
    assert busy.token_hash not in written


# What an administrator does


def test_an_administrator_sees_who_is_here_and_not_how_they_feel(database, join, busy):
    join("bob", verified=False)
    ada, bob = administering.accounts(database)
    assert (ada.username, ada.is_verified, ada.administrator) == ("ada", True, True)
    assert (bob.username, bob.is_verified, bob.administrator) == ("bob", False, False)
    assert bob.seen_at is not None


def test_whoever_is_switched_off_is_signed_out_and_comes_in_no_more(database, join):
    ada, bob = join("ada").person, join("bob")
    administering.switch_off(database, bob.person.id, ada.id)
    assert not sessions.is_open(database, bob)
    with pytest.raises(SignInRefused):
        sign_in(database, "bob", PASSWORD)
    administering.switch_on(database, bob.person.id, ada.id)
    assert sign_in(database, "bob", PASSWORD)
    events = [line.event for line in audit.of(database, bob.person.id)]
    assert {Event.DISABLED, Event.ENABLED} <= set(events)


def test_an_administrator_cannot_switch_off_or_delete_themselves(database, join):
    ada = join("ada").person
    for act in (administering.switch_off, administering.remove):
        with pytest.raises(NotThisOne):
            act(database, ada.id, ada.id)


def test_an_administrator_has_a_link_sent_to_a_verified_address_alone(database, join):
    ada = join("ada").person
    bob, eve = join("bob").person, join("eve", verified=False).person
    administering.send_link(database, bob.id, ada.id)
    assert [(kind, email) for _, kind, email, _ in waiting_mails(database) if kind == "reset"] == [
        ("reset", "bob")
    ]
    with pytest.raises(NotThisOne):
        administering.send_link(database, eve.id, ada.id)
