import json
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from moodtracker import clock
from moodtracker.accounts import audit, linking, people, registration, sessions
from moodtracker.accounts.attempt import Attempt
from moodtracker.accounts.audit import Event
from moodtracker.accounts.fresh_proof import FreshProofs
from moodtracker.accounts.identity import Ended, Identity, IdentityTaken, NotBelieved
from moodtracker.accounts.linking import (
    AnotherAddress,
    Disabled,
    LastWayIn,
    Match,
    WaysIn,
)
from moodtracker.accounts.registration import InvalidInput, NewPerson, RegistrationClosed
from moodtracker.accounts.sessions import SessionEnded, SignInRefused
from moodtracker.models import UserRow, users
from moodtracker.secret import Secret
from support.signing_in import sign_in


def identity(subject="ada-there", email="ada@example.org", issuer="https://auth.example", **more):
    return Identity(issuer, subject, email, claimed_email=email or "", **more)


def change(database, who, **values):
    with database.write() as session:
        session.execute(update(UserRow).where(users.id == who.person.id).values(**values))


def events(database, who):
    return [record.event for record in audit.of(database, who.person.id)]


def test_an_identity_leads_to_the_account_it_was_connected_with(database, join):
    ada = join("ada")
    assert linking.owner(database, identity()) is None
    linking.link(database, ada, identity(), "192.0.2.7")
    assert linking.owner(database, identity()).id == ada.person.id
    assert linking.ways_in(database, ada.person.id) == WaysIn(by_password=True, by_provider=True)
    assert audit.of(database, ada.person.id)[0].event == Event.PROVIDER_LINKED
    assert audit.of(database, ada.person.id)[0].address == "192.0.2.7"


def test_neither_the_address_nor_the_subject_alone_leads_to_an_account(database, join):
    linking.link(database, join("ada"), identity())
    assert linking.owner(database, identity(subject="another")) is None
    assert linking.owner(database, identity(issuer="https://other.example")) is None


def test_an_identity_stays_with_its_account_when_its_address_changes(database, join):
    ada = join("ada")
    linking.link(database, ada, identity())
    assert linking.owner(database, identity(email="new@example.org")).id == ada.person.id
    assert linking.owner(database, identity(email=None)).id == ada.person.id


@pytest.mark.parametrize("email", [None, "eve@example.org"])
def test_only_who_the_provider_vouches_for_by_the_accounts_address_is_connected(
    database, join, email
):
    ada = join("ada")
    with pytest.raises(AnotherAddress):
        linking.link(database, ada, identity(email=email))
    assert linking.owner(database, identity(email=email)) is None
    assert events(database, ada).count(Event.PROVIDER_LINKED) == 0


def test_an_identity_belongs_to_one_account(database, join):
    linking.link(database, join("ada"), identity())
    eve = join("eve")
    with pytest.raises(IdentityTaken):
        linking.link(database, eve, identity(email="eve@example.org"))
    assert not linking.ways_in(database, eve.person.id).by_provider


def test_an_address_that_another_has_verified_connects_nobody_who_claims_it(database, join):
    join("ada")
    eve = join("eve", email="ada@example.org", verified=False)
    with pytest.raises(IdentityTaken):
        linking.link(database, eve, identity())


def test_the_account_that_verified_the_address_comes_before_those_who_claim_it(database, join):
    join("eve", email="ada@example.org", verified=False)
    assert linking.match(database, identity()) == Match("eve", is_certain=False, has_password=True)
    join("ada")
    assert linking.match(database, identity()) == Match("ada", is_certain=True, has_password=True)


def test_an_address_that_nobody_vouches_for_leads_to_no_account(database, join):
    join("ada")
    assert linking.match(database, identity(email=None)) is None


def test_connecting_verifies_the_address_that_was_only_claimed(database, join):
    ada = join("ada", verified=False)
    linking.link(database, ada, identity())
    with database.read() as session:
        assert people.by_id(session, ada.person.id).mail_address == "ada@example.org"


def test_an_account_that_was_switched_off_is_not_opened(database, join):
    ada = join("ada")
    linking.link(database, ada, identity())
    change(database, ada, disabled_at=clock.now())
    with pytest.raises(Disabled):
        linking.owner(database, identity())
    assert linking.match(database, identity(subject="another")) is None


def test_a_session_that_is_over_connects_nothing(database, join):
    ada = join("ada")
    sessions.end_all(database, ada.person.id)
    with pytest.raises(SessionEnded):
        linking.link(database, ada, identity())


def test_the_connection_can_be_taken_back_by_who_has_a_password(database, join):
    ada = join("ada")
    linking.link(database, ada, identity())
    linking.unlink(database, ada)
    linking.unlink(database, ada)
    assert linking.owner(database, identity()) is None
    assert events(database, ada).count(Event.PROVIDER_UNLINKED) == 1


def id_token(sid):
    payload = urlsafe_b64encode(json.dumps({"sid": sid}).encode()).decode().rstrip("=")
    return f"e30.{payload}.x"


def told(subject, sid="", issuer="https://auth.example"):
    token, over = secrets.token_hex(4), clock.now() + timedelta(minutes=2)
    return Ended(issuer, subject, sid, token, over)


def test_a_sign_out_that_names_the_session_alone_ends_that_one(database, join):
    ada = join("ada")
    linking.link(database, ada, identity())
    phone, desk = (
        sessions.open_session(database, ada.person.id, id_token=id_token(sid))
        for sid in ("phone", "desk")
    )
    assert linking.end_sessions(database, told("", "phone", "https://other.example")) is None
    assert linking.end_sessions(database, told("", "phone")) == ada.person.id
    assert sessions.find(database, phone) is None
    assert sessions.find(database, desk) is not None


def test_a_sign_out_that_is_told_again_ends_nothing_until_it_is_forgotten(
    database, join, moved_clock
):
    ada = join("ada")
    linking.link(database, ada, identity())
    sign_out = told("ada-there")
    for counts in (True, False):
        cookie = sessions.open_session(database, ada.person.id, id_token=id_token("phone"))
        assert linking.end_sessions(database, sign_out) == (ada.person.id if counts else None)
        assert (sessions.find(database, cookie) is None) == counts
    moved_clock.moment += timedelta(minutes=3)
    linking.forget_old(database)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM logout_tokens")) == 0


def test_a_sign_out_at_the_provider_ends_what_came_from_that_session_there(database, join):
    ada = join("ada")
    linking.link(database, ada, identity())
    phone, desk = (
        sessions.open_session(database, ada.person.id, id_token=id_token(sid))
        for sid in ("phone", "desk")
    )
    ended = told("ada-there", "phone")
    assert linking.end_sessions(database, ended) == ada.person.id
    assert linking.end_sessions(database, ended) is None
    assert sessions.find(database, phone) is None
    assert sessions.find(database, desk) is not None
    # Where it names no session, all that came from there are over; by password one is still in.
    assert linking.end_sessions(database, told("ada-there")) == ada.person.id
    assert sessions.find(database, desk) is None
    with database.read() as session:
        assert sessions.still_signed_in(session, ada).id == ada.person.id


def test_a_sign_out_of_somebody_unknown_ends_nothing(database, join):
    ada = join("ada")
    linking.link(database, ada, identity())
    cookie = sessions.open_session(database, ada.person.id, id_token=id_token("phone"))
    for issuer, subject in (
        ("https://auth.example", "eve"),
        ("https://other.example", "ada-there"),
    ):
        assert linking.end_sessions(database, told(subject, issuer=issuer)) is None
    assert sessions.find(database, cookie) is not None


def test_nobody_locks_themselves_out(database, join):
    ada = join("ada")
    linking.link(database, ada, identity())
    change(database, ada, password_hash=None)
    with pytest.raises(LastWayIn):
        linking.unlink(database, ada)
    assert linking.owner(database, identity()).id == ada.person.id


def join_by(database, identity, policy="open", **more):
    form = {
        "username": "ada",
        "email": "ada@example.org",
        "first_name": "Ada",
        "zone": "Europe/Berlin",
    }
    new = NewPerson.check(form | more)
    return registration.register(database, policy, new, identity)


def test_a_new_person_who_comes_by_the_provider_needs_no_password(database):
    ada = join_by(database, identity())
    assert ada.administrator
    assert linking.owner(database, identity()).id == ada.id
    assert linking.ways_in(database, ada.id) == WaysIn(by_password=False, by_provider=True)
    with pytest.raises(SignInRefused):
        sign_in(database, "ada", "")


def test_a_new_persons_address_counts_as_verified_only_where_the_provider_vouches_for_it(database):
    assert join_by(database, identity()).mail_address == "ada@example.org"
    bob = join_by(database, identity("bob", email=None), username="bob", email="bob@example.org")
    assert bob.mail_address is None


def test_a_new_person_joins_by_the_rules_of_registration(database):
    with pytest.raises(RegistrationClosed):
        join_by(database, identity(), "closed")
    join_by(database, identity(), "first")
    with pytest.raises(RegistrationClosed):
        join_by(database, identity("bob", email=None), "first", username="bob")


def test_who_joins_in_two_tabs_has_one_account(database):
    join_by(database, identity())
    with pytest.raises(IdentityTaken):
        join_by(database, identity(), username="another", email="another@example.org")
    with pytest.raises(InvalidInput):
        join_by(database, identity())


def test_nobody_joins_with_an_address_that_is_verified_for_another(database, join):
    join("grace", email="ada@example.org")
    with pytest.raises(IdentityTaken):
        join_by(database, identity())


def test_a_proof_is_fresh_only_where_the_provider_asked_anew(join, moved_clock):
    proofs, ada = FreshProofs(Secret("x" * 32)), join("ada")
    attempt = Attempt(purpose="confirm", user_id=ada.person.id)
    for remembered in (0, attempt.began - 3600):
        with pytest.raises(NotBelieved):
            proofs.give(ada, attempt, identity(auth_time=remembered))
    proof = proofs.give(ada, attempt, identity(auth_time=attempt.began + 5))
    assert proofs.are_good(proof, ada)


def test_a_proof_is_good_for_its_session_alone_and_for_minutes(join, moved_clock):
    proofs, ada, eve = FreshProofs(Secret("x" * 32)), join("ada"), join("eve")
    attempt = Attempt(purpose="confirm", user_id=ada.person.id)
    proof = proofs.give(ada, attempt, identity(auth_time=attempt.began))
    assert not proofs.are_good(proof, eve)
    assert not proofs.are_good(None, ada)
    assert not proofs.are_good(proof[:-1], ada)
    assert not FreshProofs(Secret("y" * 32)).are_good(proof, ada)
    moved_clock.moment += clock.timedelta(minutes=6)
    assert not proofs.are_good(proof, ada)
