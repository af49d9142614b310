"""Who administers: the first person, and whom they promote; never nobody while others are here."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from moodtracker import installation
from moodtracker.accounts import (
    administering,
    administrators,
    invitations,
    leaving,
    people,
    registration,
)
from moodtracker.accounts.administrators import LastAdministrator, NotAnAdministrator
from moodtracker.accounts.registration import Brought, InvalidInput, RegistrationClosed
from moodtracker.clock_watch import ClockWatch
from moodtracker.mail.bounces import Bounces
from moodtracker.mail.dsn import Fate, Report
from moodtracker.mail.limit import HourlyLimit
from moodtracker.mail.outbox import Outbox
from moodtracker.mail.return_address import ReturnAddresses
from moodtracker.secret import Secret
from support.at_once import at_once
from support.waiting import await_that

ACTS = (
    administering.switch_off,
    administering.switch_on,
    administering.remove,
    administering.send_link,
    administrators.promote,
)


FATE = Fate((), True, "no such person")
REPORT = Report((), (FATE,), None, "<a mail of nobody's>", "")


def administrators_of(database):
    return {person.username for person in people.everyone(database) if person.administrator}


@pytest.fixture
def newcomer():
    """What a stranger gives who would like to join."""
    return registration.Registration.check(
        {
            "username": "mallory",
            "email": "mallory@example.org",
            "first_name": "Mallory",
            "zone": "UTC",
            "password": "correct horse battery staple",
        }
    )


@pytest.mark.parametrize("policy", ["first", "invite"])
def test_after_everybody_left_the_next_to_come_is_not_the_first(database, join, newcomer, policy):
    leaving.delete_account(database, join("ada").person.id)
    assert not registration.is_open(database, policy)
    with pytest.raises(RegistrationClosed):
        registration.register(database, policy, newcomer)


def test_after_everybody_left_the_setup_code_makes_no_administrator(database, join, newcomer):
    leaving.delete_account(database, join("ada").person.id)
    brought = Brought(setup_code="ABCD")
    person = registration.register(database, "open", newcomer, brought=brought, setup_code="ABCD")
    assert not person.administrator


def test_the_last_administrator_stays_while_others_are_here(database, join):
    ada, bob = join("ada").person, join("bob").person
    with pytest.raises(LastAdministrator):
        leaving.delete_account(database, ada.id)
    leaving.delete_account(database, bob.id)
    leaving.delete_account(database, ada.id)
    assert people.everyone(database) == []


def test_an_administrator_leaves_once_somebody_else_is_one(database, join):
    ada, bob = join("ada").person, join("bob").person
    administrators.promote(database, bob.id, ada.id)
    leaving.delete_account(database, ada.id)
    assert administrators_of(database) == {"bob"}


def test_somebody_who_is_switched_off_is_no_successor(database, join):
    ada, bob, _ = join("ada").person, join("bob").person, join("eve")
    administrators.promote(database, bob.id, ada.id)
    administering.switch_off(database, bob.id, ada.id)
    with pytest.raises(LastAdministrator):
        leaving.delete_account(database, ada.id)


def test_of_two_administrators_who_leave_at_the_same_moment_one_stays(database, join):
    ada, bob, _ = join("ada").person, join("bob").person, join("eve")
    administrators.promote(database, bob.id, ada.id)
    at_once(
        lambda: leaving.delete_account(database, ada.id),
        lambda: leaving.delete_account(database, bob.id),
    )
    assert len(administrators_of(database)) == 1


def test_of_two_administrators_who_switch_each_other_off_one_stays(database, join):
    ada, bob, _ = join("ada").person, join("bob").person, join("eve")
    administrators.promote(database, bob.id, ada.id)
    at_once(
        lambda: administering.switch_off(database, ada.id, bob.id),
        lambda: administering.switch_off(database, bob.id, ada.id),
    )
    off = [account.is_disabled for account in administering.accounts(database)]
    assert sum(off) == 1


@pytest.mark.parametrize("others", [["eve"], []], ids=["with others here", "alone"])
@pytest.mark.parametrize("act", [administering.remove, administering.switch_off])
def test_of_two_administrators_who_act_on_each_other_the_second_is_none_any_more(
    database, join, act, others
):
    ada, bob = join("ada").person, join("bob").person
    for name in others:
        join(name)
    administrators.promote(database, bob.id, ada.id)
    with ThreadPoolExecutor() as threads:
        with database.write() as session:
            installation.lock(session)
            acts = [
                threads.submit(act, database, bob.id, ada.id),
                threads.submit(act, database, ada.id, bob.id),
            ]
            # SQLite has one writer: they wait until this one has done, or have not begun.
            await_that(lambda: database.is_sqlite or waiting_for_the_turn(database) == 2)
        results = [each.exception() for each in acts]
    assert sorted(type(result) for result in results if result) == [NotAnAdministrator]
    assert [is_in_office(each) for each in administering.accounts(database)].count(True) == 1


def waiting_for_the_turn(database):
    with database.read() as session:
        return session.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )


def is_in_office(account):
    return account.administrator and not account.is_disabled


def bounces(database):
    return Bounces(database, ReturnAddresses(Secret("long enough to be a secret"), None))


def outbox(database):
    return Outbox(database, None, None, [], limit=HourlyLimit(None))


@pytest.mark.parametrize(
    "act",
    [
        invitations.make,
        lambda database, by: invitations.withdraw(database, "a hash", by),
        lambda database, by: ClockWatch(database).confirm(by),
        lambda database, by: bounces(database).hold("ada", "it came back", by=by),
        lambda database, by: bounces(database).take(REPORT, by=by),
        lambda database, by: outbox(database).try_now(by),
    ],
    ids=["invite", "take it back", "confirm the clock", "hold", "take a report", "try again"],
)
def test_whoever_is_no_administrator_any_more_does_nothing_to_this_server(database, join, act):
    ada, bob = join("ada").person, join("bob").person
    act(database, ada.id)
    with pytest.raises(NotAnAdministrator):
        act(database, bob.id)


@pytest.mark.parametrize("act", ACTS)
def test_whoever_is_no_administrator_any_more_does_nothing_to_others(database, join, act):
    ada, bob, eve = join("ada").person, join("bob").person, join("eve").person
    administrators.promote(database, bob.id, ada.id)
    with database.write() as session:
        session.execute(text("UPDATE users SET administrator = false WHERE username = 'bob'"))
    with pytest.raises(NotAnAdministrator):
        act(database, eve.id, bob.id)


def test_the_operator_s_first_administrator_is_the_first_person(database, newcomer):
    registration.add(database, newcomer, administrator=True)
    assert not registration.is_open(database, "first")


@pytest.mark.parametrize("policy", ["first", "invite", "open"])
def test_whoever_registers_beside_people_of_the_operator_s_is_not_the_first(
    database, newcomer, join, policy
):
    registration.add(database, newcomer)
    assert registration.is_open(database, policy) == (policy == "open")
    assert not join("eve").person.administrator


def test_a_name_that_is_taken_is_said_after_one_more_try(database, newcomer):
    results = at_once(*[lambda: registration.register(database, "open", newcomer)] * 4)
    assert sum(isinstance(result, InvalidInput) for result in results) == 3
