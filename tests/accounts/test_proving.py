import asyncio
import os
import threading
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import text

from moodtracker.accounts import audit, passwords, sessions
from moodtracker.accounts.audit import Event
from moodtracker.accounts.proving import Proving, Visitor, WrongPassword
from moodtracker.accounts.sessions import SignInRefused
from moodtracker.accounts.throttling import Throttle, TooManyTries
from moodtracker.fair_queue import Busy
from moodtracker.secret import Secret
from support.loops import run

PASSWORD = "correct horse battery staple"
HOME, EVE = Visitor("192.0.2.1", "Firefox on Linux"), Visitor("198.51.100.7")


@pytest.fixture
def proving(database):
    secret = Secret("a key of more than thirty-two characters")
    return Proving(database, Throttle(database, secret), secret)


def sign_in(proving, login="ada", password=PASSWORD, visitor=HOME, **more):
    return run(proving.sign_in(login, password, visitor, **more))


def guess(proving, number, login="ada", visitor=EVE):
    """Guess that often; tells how many guesses were looked at."""
    looked_at = 0
    for _ in range(number):
        try:
            sign_in(proving, login, "just a guess of mine", visitor)
        except SignInRefused:
            looked_at += 1
        except TooManyTries:
            pass
    return looked_at


def test_name_and_password_begin_a_session_that_is_noted(proving, database, join):
    ada = join("ada").person
    admitted = sign_in(proving)
    assert sessions.find(database, admitted.cookie).person.id == ada.id
    noted = audit.of(database, ada.id)[0]
    assert (noted.event, noted.detail, noted.address) == (
        Event.SIGNED_IN,
        "Firefox on Linux",
        "192.0.2.1",
    )


def test_a_failure_is_noted_with_where_it_came_from(proving, database, join):
    ada = join("ada").person
    with pytest.raises(SignInRefused):
        sign_in(proving, password="wrong", visitor=EVE)
    noted = audit.of(database, ada.id)[0]
    assert (noted.event, noted.address) == (Event.SIGN_IN_FAILED, "198.51.100.7")


@pytest.mark.parametrize("login", ["ada", "nobody", "ada@example.org", "nobody@example.org"])
def test_guesses_from_one_address_soon_have_to_wait_whoever_is_guessed_at(
    proving, join, moved_clock, login
):
    join("ada")
    assert guess(proving, 20, login) == 5


@pytest.mark.parametrize("first", ["ada", "ada@example.org"])
def test_the_two_names_of_an_account_are_guessed_at_five_times_in_all(
    proving, join, moved_clock, first
):
    join("ada")
    other = {"ada": "ada@example.org", "ada@example.org": "ada"}[first]
    guess(proving, 5, first)
    with pytest.raises(SignInRefused):
        sign_in(proving, other, visitor=EVE)
    moved_clock.moment += timedelta(minutes=16)
    assert sign_in(proving, other, visitor=EVE)
    assert sign_in(proving, first, visitor=EVE), "a success makes all forgotten"


@pytest.mark.parametrize("names", [("ada", "ada@example.org"), ("nobody", "nobody@example.org")])
def test_whether_two_names_are_one_account_s_makes_no_difference_to_the_answers(
    proving, join, moved_clock, names
):
    join("ada")
    assert [guess(proving, 8, name) for name in names] == [5, 5]


def test_two_names_are_one_account_s_in_a_known_browser_too(proving, join, moved_clock):
    join("ada")
    known = Visitor(HOME.address, known=sign_in(proving).known)
    assert guess(proving, 8, "ada", known) + guess(proving, 8, "ada@example.org", known) == 5


def test_a_stranger_who_guesses_keeps_nobody_out(proving, join, moved_clock):
    join("ada")
    guess(proving, 20)
    assert sign_in(proving)


def test_a_neighbour_behind_the_same_address_keeps_nobody_out_of_their_own_browser(
    proving, join, moved_clock
):
    join("ada")
    known = sign_in(proving).known
    guess(proving, 20, visitor=HOME)
    with pytest.raises(TooManyTries):
        sign_in(proving)
    assert sign_in(proving, visitor=Visitor(HOME.address, known=known))


def test_a_known_browser_may_not_guess_for_ever_either(proving, join, moved_clock):
    join("ada")
    known = Visitor(HOME.address, known=sign_in(proving).known)
    assert guess(proving, 20, visitor=known) == 5


def test_a_browser_that_knows_one_person_guesses_at_others_as_a_stranger(
    proving, join, moved_clock
):
    join("ada")
    join("bob")
    known = Visitor(HOME.address, known=sign_in(proving).known)
    assert guess(proving, 20, "bob", known) == 5
    assert guess(proving, 20, "bob", Visitor(HOME.address)) == 0


@pytest.mark.parametrize("known", ["", "x", "é", "x" * 5000, "e30.x"])
def test_a_forged_mark_of_a_known_browser_counts_for_nothing(proving, join, moved_clock, known):
    join("ada")
    assert guess(proving, 8, visitor=Visitor(EVE.address, known=known)) == 5


def test_one_address_may_not_try_many_names(proving, join, moved_clock):
    assert sum(guess(proving, 1, f"name{n}") for n in range(60)) == 50


def test_guesses_through_many_addresses_slow_the_answers_down_and_lock_nobody_out(
    proving, join, monkeypatch
):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    join("ada")
    for n in range(45):
        guess(proving, 1, visitor=Visitor(f"203.0.113.{n}"))
    assert slept[:20] == [0] * 20
    assert slept[-1] == 4.0
    assert sorted(slept) == slept
    assert sign_in(proving)


def test_guesses_at_the_same_moment_are_slowed_down_as_those_in_turn_are(
    proving, join, monkeypatch
):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    async def all_at_once():
        guesses = (
            proving.sign_in("ada", "just a guess of mine", Visitor(f"203.0.113.{n}"))
            for n in range(45)
        )
        return await asyncio.gather(*guesses, return_exceptions=True)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    join("ada")
    run(all_at_once())
    assert sorted(slept)[:21] == [0] * 21
    assert sorted(slept)[-1] == 4.0
    assert len(set(slept)) == 21


def test_a_browser_that_knows_its_person_is_not_slowed_down_by_guesses_from_elsewhere(
    proving, join, monkeypatch
):
    join("ada")
    known = sign_in(proving).known
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    for n in range(45):
        guess(proving, 1, visitor=Visitor(f"203.0.113.{n}"))
    slept.clear()
    assert sign_in(proving, visitor=Visitor(HOME.address, known=known))
    assert not any(slept)


def test_a_hash_that_is_cheaper_than_new_ones_is_renewed_at_sign_in(
    proving, database, join, monkeypatch
):
    ada = join("ada").person
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", stronger)
    sign_in(proving)
    with database.read() as session:
        stored = session.scalar(
            text("SELECT password_hash FROM users WHERE id = :id"), {"id": ada.id}
        )
    made = extract_parameters(stored)
    assert (made.time_cost, made.memory_cost) == (2, 16)
    assert sign_in(proving)


def test_a_session_that_was_brought_along_ends(proving, database, join):
    join("ada")
    brought = sign_in(proving).cookie
    sign_in(proving, instead_of=brought)
    assert sessions.find(database, brought) is None


def test_somebody_who_is_switched_off_cannot_sign_in(proving, database, join):
    join("ada")
    with database.write() as session:
        session.execute(text("UPDATE users SET disabled_at = created_at"))
    with pytest.raises(SignInRefused):
        sign_in(proving)


def test_who_is_signed_in_proves_it_by_their_own_password(proving, join, moved_clock):
    ada = join("ada")
    run(proving.confirm(ada, PASSWORD, HOME))
    for _ in range(5):
        with pytest.raises(WrongPassword):
            run(proving.confirm(ada, "something else", HOME))
    with pytest.raises(TooManyTries):
        run(proving.confirm(ada, PASSWORD, HOME))


def test_passwords_are_checked_a_few_at_a_time_in_threads_of_their_own():
    at_once, most, lock = 0, 0, threading.Lock()

    def check():
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.02)
        with lock:
            at_once -= 1
        return threading.current_thread().name

    async def many():
        line = passwords.signing_in
        names = await asyncio.gather(*(line.run(f"address {n}", check) for n in range(12)))
        return names, await asyncio.to_thread(lambda: threading.current_thread().name)

    names, other = run(many())
    assert all(name.startswith("signing-in") for name in names)
    assert not other.startswith("signing-in")
    assert most <= max(1, os.cpu_count() // 2)


def test_more_than_can_be_waited_for_are_refused():
    async def too_many():
        line = passwords.signing_in
        runs = (line.run(f"address {n}", lambda: time.sleep(0.001)) for n in range(150))
        return await asyncio.gather(*runs, return_exceptions=True)

    results = run(too_many())
    refused = sum(isinstance(result, Busy) for result in results)
    assert refused == 150 - 100 - max(1, os.cpu_count() // 2)
