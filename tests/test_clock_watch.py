"""Clocks of small machines: what a machine that has just booted shows is no doubt (Y9)."""

from datetime import timedelta

import pytest

from moodtracker import clock
from moodtracker.clock_watch import RELEASED, ClockWatch

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def watch(database, moved_clock):
    return ClockWatch(database)


def boot(moved_clock, *, at):
    """The machine boots showing ``at``, which nobody vouches for."""
    moved_clock.moment = at
    moved_clock.start_machine()
    moved_clock.synchronised = False


def is_believed_set_by_hand(watch, moved_clock, by):
    """Whether a clock that somebody sets by so much is believed; the kernel takes its word back."""
    moved_clock.jump(by)
    moved_clock.synchronised = False
    return watch.is_believed()


def hear_the_time(moved_clock, by):
    """NTP sets the clock."""
    moved_clock.jump(by)
    moved_clock.synchronised = True


@pytest.mark.parametrize("days", [4, 32, 41, 66, 400])
def test_a_machine_that_boots_where_it_was_shut_down_and_is_set_at_once_was_off(
    database, watch, moved_clock, days
):
    assert watch.is_believed()
    again = ClockWatch(database)
    boot(moved_clock, at=moved_clock.moment)
    moved_clock.moment += 8 * SECOND
    assert not again.is_believed()  # it is not set yet
    hear_the_time(moved_clock, days * DAY)
    moved_clock.moment += 52 * SECOND
    assert again.is_believed()
    assert again.doubt() is None


@pytest.mark.parametrize("days", [20, 32, 66])
@pytest.mark.parametrize("synchronised", [None, True])
def test_a_jump_soon_after_the_boot_is_none_even_where_nobody_asks_the_kernel(
    database, watch, moved_clock, synchronised, days
):
    watch.is_believed()
    again = ClockWatch(database)
    boot(moved_clock, at=moved_clock.moment)
    moved_clock.synchronised = None
    moved_clock.moment += 20 * SECOND
    assert again.is_believed()
    moved_clock.jump(days * DAY)
    moved_clock.synchronised = synchronised
    moved_clock.moment += 15 * 60 * SECOND
    assert again.is_believed()


@pytest.mark.parametrize("days", [4, 40])
def test_a_clock_that_is_set_hours_after_the_boot_is_believed_by_the_kernels_word(
    database, watch, moved_clock, days
):
    watch.is_believed()
    again = ClockWatch(database)
    boot(moved_clock, at=moved_clock.moment)
    for _ in range(20):  # ten hours without a network
        moved_clock.moment += HOUR / 2
        again.is_believed()
    assert again.doubt() is None
    hear_the_time(moved_clock, days * DAY)
    moved_clock.moment += 60 * SECOND
    assert again.is_believed()


def test_a_jump_that_nobody_vouches_for_is_in_doubt_until_somebody_does(watch, moved_clock):
    assert watch.is_believed()
    moved_clock.jump(4 * DAY)
    moved_clock.synchronised = False
    assert not watch.is_believed()
    moved_clock.moment += HOUR
    assert not watch.is_believed()
    assert watch.doubt() is not None
    moved_clock.synchronised = True
    moved_clock.moment += HOUR
    assert watch.is_believed()
    assert watch.doubt() is None


@pytest.mark.parametrize("synchronised", [False, None])
def test_a_jump_of_years_that_nobody_vouches_for_stays_in_doubt(
    database, watch, moved_clock, synchronised
):
    watch.is_believed()
    moved_clock.jump(365 * DAY)
    moved_clock.synchronised = synchronised
    for process in (watch, ClockWatch(database)):
        assert not process.is_believed()
        moved_clock.moment += HOUR
    assert watch.doubt() is not None


def test_what_the_kernel_said_before_somebody_set_the_clock_vouches_for_nothing(watch, moved_clock):
    boot(moved_clock, at=moved_clock.moment)
    moved_clock.moment += HOUR
    moved_clock.synchronised = True
    assert watch.is_believed()
    assert is_believed_set_by_hand(watch, moved_clock, DAY / 2)
    assert not is_believed_set_by_hand(watch, moved_clock, 365 * DAY)


@pytest.mark.parametrize("kernel", [None, True])
def test_a_battery_that_is_empty_is_believed_within_a_month_of_the_last_time_seen_or_by_the_kernel(
    database, watch, moved_clock, kernel
):
    watch.is_believed()
    moved_clock.jump(400 * DAY)
    moved_clock.start_machine()
    moved_clock.synchronised = kernel
    moved_clock.moment += HOUR
    assert ClockWatch(database).is_believed() is (kernel is True)


@pytest.mark.parametrize("days", [2, 40, 800])
def test_a_clock_that_ran_ahead_unseen_and_is_set_right_by_ntp_is_believed_at_once(
    watch, moved_clock, days
):
    right = moved_clock.moment + 200 * DAY
    moved_clock.moment = right + days * DAY
    assert watch.is_believed()  # nobody knows better
    moved_clock.jump(-days * DAY)
    assert not watch.is_believed()
    assert watch.doubt() is not None
    moved_clock.synchronised = True
    assert watch.is_believed()
    assert watch.doubt() is None
    moved_clock.synchronised = None
    moved_clock.moment += HOUR
    assert watch.is_believed()


def test_a_database_whose_clock_jumps_is_in_doubt_however_short_this_machine_is_up(
    watch, moved_clock, monkeypatch
):
    moved_clock.start_machine()
    assert watch.is_believed()
    moved_clock.jump(365 * DAY)
    monkeypatch.setattr(clock, "correction", lambda: 365 * DAY)
    assert not watch.is_believed()


def test_no_kernel_vouches_for_a_time_before_the_release(watch, moved_clock):
    assert watch.is_believed()
    moved_clock.jump(-1024 * 7 * DAY)  # as GPS receivers do
    moved_clock.synchronised = True
    assert not watch.is_believed()


def test_a_doubt_that_an_older_version_had_of_a_right_clock_heals(database, watch, moved_clock):
    watch.is_believed()
    moved_clock.jump(4 * DAY)
    watch.is_believed()  # the kernel is not asked there
    assert watch.doubt() is not None
    moved_clock.moment += 40 * DAY
    moved_clock.synchronised = True
    assert ClockWatch(database).is_believed()


@pytest.mark.parametrize("first", ["1970", "the date of its image"])
def test_a_first_start_before_the_clock_is_set_is_no_doubt(watch, moved_clock, first):
    right = moved_clock.moment + 200 * DAY
    at = RELEASED - timedelta(days=20_000) if first == "1970" else moved_clock.moment
    boot(moved_clock, at=at)
    for _ in range(3):
        moved_clock.moment += HOUR
        assert not watch.is_believed()
        assert watch.doubt() is None
    hear_the_time(moved_clock, right - moved_clock.moment)
    moved_clock.moment += 60 * SECOND
    assert watch.is_believed()
    assert watch.doubt() is None


def test_a_clock_from_before_the_release_is_never_noted(watch, moved_clock):
    moved_clock.moment = RELEASED - SECOND
    assert not watch.is_believed()
    assert watch.doubt() is None
    moved_clock.moment += 400 * DAY
    assert watch.is_believed()


def test_a_machine_without_anybody_to_ask_is_believed_after_a_while(database, watch, moved_clock):
    boot(moved_clock, at=moved_clock.moment)
    moved_clock.moment += DAY
    assert watch.is_believed()
    boot(moved_clock, at=moved_clock.moment)
    again = ClockWatch(database)
    assert not again.is_believed()
    moved_clock.moment += 10 * 60 * SECOND
    assert again.is_believed()


def test_who_says_that_the_clock_is_right_need_not_wait_for_the_kernel(watch, moved_clock):
    boot(moved_clock, at=moved_clock.moment)
    assert not watch.is_believed()
    watch.confirm()
    assert watch.is_believed()


def test_the_log_says_once_that_a_clock_is_not_set_yet(watch, moved_clock, caplog):
    boot(moved_clock, at=moved_clock.moment)
    caplog.set_level("INFO")
    for _ in range(3):
        assert not watch.is_believed()
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "the clock is not set yet" in caplog.text
