from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from moodtracker.accounts import throttling
from moodtracker.accounts.throttling import Count, Throttle, TooManyTries, network
from moodtracker.secret import Secret

GUESSES = Count("account ada from 192.0.2.1", free=3)


@pytest.fixture
def throttle(database):
    return Throttle(database, Secret("a key of more than thirty-two characters"))


def tries(throttle, *counts, number):
    for _ in range(number):
        throttle.begin(counts)


def wait_of(throttle, *counts):
    with pytest.raises(TooManyTries) as refused:
        throttle.begin(counts)
    return refused.value.wait


def test_a_few_failures_are_free(throttle, moved_clock):
    tries(throttle, GUESSES, number=3)
    assert wait_of(throttle, GUESSES) == timedelta(seconds=1)


def test_each_further_failure_doubles_the_wait_up_to_15_minutes(throttle, moved_clock):
    tries(throttle, GUESSES, number=3)
    waits = []
    for _ in range(12):
        waits.append(wait_of(throttle, GUESSES))
        moved_clock.moment += waits[-1]
        throttle.begin([GUESSES])
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    assert waits[-1] == throttling.LONGEST_WAIT


def test_waiting_is_told_by_how_much_of_it_is_left(throttle, moved_clock):
    tries(throttle, GUESSES, number=3)
    moved_clock.moment += timedelta(seconds=0.4)
    assert wait_of(throttle, GUESSES) == timedelta(seconds=0.6)


def test_a_try_that_has_to_wait_does_not_make_the_wait_longer(throttle, moved_clock):
    tries(throttle, GUESSES, number=3)
    for _ in range(5):
        assert wait_of(throttle, GUESSES) == timedelta(seconds=1)


def test_success_forgets_the_failures(throttle, moved_clock):
    tries(throttle, GUESSES, number=3)
    throttle.succeeded([GUESSES])
    assert throttle.failures(GUESSES.what) == 0
    tries(throttle, GUESSES, number=3)


def test_after_an_hour_without_a_failure_all_is_forgotten(throttle, moved_clock):
    tries(throttle, GUESSES, number=3)
    moved_clock.moment += throttling.FORGET_AFTER
    assert throttle.failures(GUESSES.what) == 0
    tries(throttle, GUESSES, number=3)


def test_the_longest_wait_of_several_counts_is_the_one_that_counts(throttle, moved_clock):
    other = Count("192.0.2.1", free=1)
    tries(throttle, GUESSES, number=3)
    tries(throttle, other, number=1)
    moved_clock.moment += timedelta(seconds=1)
    tries(throttle, other, number=1)
    assert wait_of(throttle, GUESSES, other) == timedelta(seconds=2)


def test_where_one_count_has_to_wait_the_others_count_nothing(throttle, moved_clock):
    tries(throttle, GUESSES, number=3)
    other = Count("account bob", free=3)
    wait_of(throttle, GUESSES, other)
    assert throttle.failures(other.what) == 0


def test_one_count_is_not_anothers(throttle, moved_clock):
    tries(throttle, GUESSES, number=3)
    tries(throttle, Count("account bob", free=3), number=3)


def test_many_tries_at_once_count_as_many(throttle, moved_clock):
    def attempt(_):
        try:
            throttle.begin([Count("ada", free=5), Count("192.0.2.1", free=7)])
        except TooManyTries:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 5


def test_a_stored_count_tells_neither_account_nor_address(throttle, database):
    tries(throttle, GUESSES, number=1)
    with database.read() as session:
        stored = str(session.execute(text("SELECT * FROM throttles")).all())
    assert "ada" not in stored
    assert "192.0.2.1" not in stored


def test_old_counts_are_deleted(throttle, database, moved_clock):
    tries(throttle, GUESSES, number=1)
    moved_clock.moment += throttling.FORGET_AFTER + timedelta(seconds=1)
    tries(throttle, Count("another", free=1), number=1)
    throttling.forget_old(database)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM throttles")) == 1


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("2001:db8:1:3::", "2001:db8:1:3::"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_an_ipv6_address_counts_by_its_64(address, counted):
    assert network(address) == counted


@given(st.ip_addresses(v=6).filter(lambda address: not address.ipv4_mapped))
def test_neighbours_in_one_64_are_one(address):
    first = int(address) >> 64 << 64
    assert network(str(address)) == network(str(type(address)(first)))
