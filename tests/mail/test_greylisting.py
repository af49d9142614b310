"""Who is put off is waited for, each by themselves; all alike for hours is the server's (Y4)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from moodtracker.mail import post
from moodtracker.moods import Mood
from support.year_end import QUICK_WRITERS, make_year_end

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

# Whatever the code.
LATER = [
    "450 4.2.0 Greylisted",
    "451 4.7.1 try again later",
    "451 4.3.0 deferred, try again in 300 seconds",
    "421 4.7.0 try again later",
    "452 4.3.1 try again later",
    "450 4.4.1 try again later",
    "451 4.5.1 try again later",
    "432 4.3.2 try again later",
    "421 later",
    "450 later",
    "451 later",
]


@pytest.fixture
def year_end(database, mail_server):
    return make_year_end(database, mail_server.port, mail_at=time(0), writers=QUICK_WRITERS)


@pytest.fixture
def with_a_year(diary, join, moved_clock):
    def make(number):
        moved_clock.moment = datetime(2026, 12, 31, 12, tzinfo=UTC)
        for name in (f"p{each:03}" for each in range(number)):
            diary.record(join(name), date(2026, 12, 31), Mood.GOOD, "tap00001")
        moved_clock.set(2027, 1, 1)

    return make


class Greylist(dict):
    """Puts each recipient off until so long after their first try; ``tries`` are counted."""

    def __init__(self, moved_clock, reply, span):
        super().__init__()
        self._clock, self._reply, self._span = moved_clock, reply, span
        self.tries = 0

    def get(self, recipient, default=None):
        self.tries += 1
        first = self.setdefault(recipient, self._clock.moment)
        return self._reply if self._clock.moment - first < self._span else default


def live_on(year_end, moved_clock, span, step=MINUTE):
    until = moved_clock.moment + span
    while moved_clock.moment < until:
        year_end.tick()
        moved_clock.moment += step


def minutes_until_all_are_taken(year_end, moved_clock, mail_server, number, most):
    for minute in range(most):
        year_end.tick()
        if len(mail_server.taken) == number:
            assert len(set(mail_server.recipients())) == number
            return minute
        moved_clock.moment += MINUTE
    raise AssertionError(f"{len(mail_server.taken)} of {number} after {most} minutes")


def states(database):
    with database.read() as session:
        return set(session.scalars(text("SELECT state FROM sealed_years")))


# --- greylisting


@pytest.mark.parametrize("stage", ["rcpt", "data_for"])
@pytest.mark.parametrize("reply", LATER)
def test_greylisting_of_everybody_by_whatever_code_is_over_in_minutes(
    year_end, with_a_year, mail_server, moved_clock, stage, reply
):
    with_a_year(6)
    setattr(mail_server.behaviour, stage, Greylist(moved_clock, reply, 5 * MINUTE))
    assert minutes_until_all_are_taken(year_end, moved_clock, mail_server, 6, 12) >= 5
    assert year_end.status().trouble is None


def test_greylisting_of_three_hundred_people_is_over_within_the_hour(
    year_end, mail_server, moved_clock, database, join
):
    who = join("ada").person.id
    with database.write() as session:
        for number in range(300):
            post.ask(session, post.Kind.VERIFY, f"p{number:03}@example.org", user_id=who)
    mail_server.behaviour.rcpt = Greylist(moved_clock, "451 4.3.0 later", 5 * MINUTE)
    minutes_until_all_are_taken(year_end, moved_clock, mail_server, 300, 60)


@pytest.mark.parametrize("minutes", [30, 60, 150])
def test_the_strictest_greylisting_is_over_a_quarter_of_an_hour_later_at_the_most_for_all(
    year_end, with_a_year, mail_server, moved_clock, minutes
):
    with_a_year(6)
    mail_server.behaviour.rcpt = Greylist(moved_clock, "451 4.3.0 later", minutes * MINUTE)
    most = max(2 * minutes, minutes + 20) if minutes <= 60 else minutes + 20
    minutes_until_all_are_taken(year_end, moved_clock, mail_server, 6, most)


def test_who_is_put_off_for_ever_keeps_nobody_else_from_being_waited_for(
    year_end, with_a_year, mail_server, moved_clock
):
    with_a_year(10)
    greylist = Greylist(moved_clock, "451 4.3.0 later", 90 * MINUTE)
    for number in range(5):  # those come first in the queue
        greylist[f"p{number:03}@example.org"] = moved_clock.moment + timedelta(days=365)
    mail_server.behaviour.rcpt = greylist
    minutes_until_all_are_taken(year_end, moved_clock, mail_server, 5, 180)
    assert year_end.status().trouble is None


# --- the server's own trouble


@pytest.mark.parametrize("reply", ["421 4.3.2 shutting down", "451 4.3.0 out of order"])
def test_a_server_that_puts_everybody_off_for_a_day_is_not_hammered_and_blames_nobody(
    year_end, with_a_year, mail_server, moved_clock, database, reply
):
    with_a_year(6)
    greylist = mail_server.behaviour.rcpt = Greylist(moved_clock, reply, timedelta(days=1))
    live_on(year_end, moved_clock, timedelta(days=1), 6 * MINUTE)
    assert year_end.status().trouble.words == reply, "the operator is told"
    assert states(database) == {"pending"}
    assert greylist.tries < 6 * 7 + 100, "in the first hour for each, then one now and then"
    assert minutes_until_all_are_taken(year_end, moved_clock, mail_server, 6, 20) < 20
    assert year_end.status().trouble is None


def test_who_comes_due_while_everybody_is_put_off_is_tried_as_well(
    year_end, diary, join, mail_server, moved_clock
):
    moved_clock.moment = datetime(2026, 12, 31, 8, tzinfo=UTC)
    for name in ("ada", "bob", "cy"):
        person = join(name, zone="Pacific/Kiritimati")
        diary.record(person, date(2026, 12, 31), Mood.GOOD, "tap00001")
    diary.record(join("dora"), date(2026, 12, 31), Mood.GOOD, "tap00001")
    greylist = Greylist(moved_clock, "451 4.3.0 later", timedelta(days=9))
    greylist["dora@example.org"] = moved_clock.moment - timedelta(days=9)  # who is known there
    mail_server.behaviour.rcpt = greylist
    moved_clock.moment = datetime(2026, 12, 31, 12, tzinfo=UTC)
    live_on(year_end, moved_clock, 12 * HOUR, 5 * MINUTE)
    assert year_end.status().trouble is not None
    live_on(year_end, moved_clock, 40 * MINUTE)
    assert mail_server.recipients() == ["dora@example.org"]
    assert year_end.status().trouble is None


def test_a_server_that_goes_away_after_it_put_everybody_off_is_asked_again_soon(
    year_end, with_a_year, mail_server, moved_clock
):
    with_a_year(4)
    mail_server.behaviour.rcpt = Greylist(moved_clock, "451 4.3.0 later", timedelta(days=9))
    live_on(year_end, moved_clock, 12 * HOUR, 5 * MINUTE)
    mail_server.behaviour.__init__(mail="451 4.3.0 later")
    live_on(year_end, moved_clock, 20 * MINUTE)
    mail_server.behaviour.__init__()
    minutes_until_all_are_taken(year_end, moved_clock, mail_server, 4, 30)
