"""One damaged time or person stops nobody else's mail, close or reminder, and erases nothing."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from moodtracker.clock_watch import ClockWatch
from moodtracker.mail import post
from moodtracker.mail.letter import Letter
from moodtracker.moods import Mood
from moodtracker.reminding import Reminding
from moodtracker.troubles import Troubles
from support.year_end import make_closed_years, make_year_end

DAMAGED = "'2027-01-01 00:0?:03'"


@pytest.fixture
def year_end(database, mail_server):
    writers = dict.fromkeys(post.Kind, lambda asked: Letter(asked.email, b"Subject: a\r\n\r\n"))
    return make_year_end(database, mail_server.port, mail_at=time(0), writers=writers)


@pytest.fixture
def people(diary, join, moved_clock):
    """Ada, bob and cy each said one mood in 2026, whose last day it is."""
    moved_clock.moment = datetime(2026, 12, 31, 12, tzinfo=UTC)
    found = [join(name) for name in ("ada", "bob", "cy")]
    for who in found:
        diary.record(who, date(2026, 12, 31), Mood.GOOD, "tap00001")
    return found


@pytest.fixture
def damage(database):
    """Write as another program, or a failing disk, could."""

    def run(statement):
        with database.write() as session:
            session.execute(text("PRAGMA ignore_check_constraints = ON"))
            session.connection().exec_driver_sql(statement)
            session.execute(text("PRAGMA ignore_check_constraints = OFF"))

    if not database.is_sqlite:
        pytest.skip("PostgreSQL holds no damaged time")
    return run


def live_on(year_end, moved_clock, hours=3):
    for _ in range(hours):
        year_end.tick()
        moved_clock.moment += timedelta(hours=1)


def look_everywhere(database, year_end):
    """What everybody's minute and the operator's look take in; none of it raises."""
    Troubles(database, ClockWatch(database), None, has_mail=True).tick()
    return year_end.status()


@pytest.mark.parametrize(
    "damaged",
    [
        *(
            f"{column} = {DAMAGED}"
            for column in (
                *("sealed_at", "due_at", "next_try_at", "message_date", "lease_until"),
                *("sent_at", "stuck_since", "downloaded_at", "erased_at"),
            )
        ),
        "next_try_at = 99999999999999",
        "next_try_at = 'garbage', due_at = 'garbage'",
    ],
)
def test_a_damaged_time_of_one_year_keeps_nobody_s_board(
    damaged, database, year_end, people, damage, moved_clock, mail_server
):
    moved_clock.set(2027, 1, 1)
    year_end.seal_ended_years()
    damage(f"UPDATE sealed_years SET {damaged} WHERE user_id = {people[0].person.id}")
    live_on(year_end, moved_clock)
    assert sorted(mail_server.recipients()) == [f"{n}@example.org" for n in ("ada", "bob", "cy")]
    look_everywhere(database, year_end)
    assert make_closed_years(database).of(people[0].person) is not None


@pytest.mark.parametrize("column", ["created_at", "next_try_at", "message_date"])
def test_a_damaged_time_of_one_mail_keeps_nobody_s_mail(
    column, database, year_end, people, damage, moved_clock, mail_server
):
    with database.write() as session:
        post.ask(session, post.Kind.RESET, "zed@example.org")
    damage(f"UPDATE messages SET {column} = {DAMAGED}")
    with database.write() as session:
        post.ask(session, post.Kind.RESET, "yes@example.org")
    look_everywhere(database, year_end)
    live_on(year_end, moved_clock)
    assert {"zed@example.org", "yes@example.org"} <= set(mail_server.recipients())


@pytest.mark.parametrize(
    "column",
    ["seen_at", "doubted_at", "mail_quiet_until", "mail_unreachable_at", "founded_at"],
)
def test_a_damaged_time_of_the_installation_stops_nothing(
    column, database, year_end, people, damage, moved_clock, mail_server
):
    year_end.tick()
    damage(f"UPDATE installation SET {column} = {DAMAGED}")
    look_everywhere(database, year_end)
    moved_clock.set(2027, 1, 1)
    live_on(year_end, moved_clock)
    assert len(mail_server.recipients()) == len(people)


@pytest.mark.parametrize("value", [DAMAGED, "'garbage'", "1", "99999999999999", "'2026-02-31'"])
@pytest.mark.parametrize("column", ["sealed_at", "sent_at", "downloaded_at"])
def test_nothing_is_erased_by_a_damaged_time(
    column, value, database, year_end, people, damage, moved_clock
):
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    who = people[0].person
    damage(f"UPDATE sealed_years SET {column} = {value} WHERE user_id = {who.id}")
    moved_clock.moment += timedelta(days=29)
    live_on(year_end, moved_clock, 2)
    moved_clock.moment += timedelta(days=29)
    live_on(year_end, moved_clock, 2)
    assert [make_closed_years(database).board(p.person, 2026) is None for p in people] == [
        False,
        True,
        True,
    ]


DAMAGED_PEOPLE = [
    "zone = x'ff'",
    "day_end_hour = 'garbage'",
    "day_end_hour = 99",
    "day_end_hour = -3",
    "reminder_at = '2x:00'",
    "year_open_until = '2x'",
]


@pytest.mark.parametrize("damaged", DAMAGED_PEOPLE)
def test_one_damaged_person_stops_nobody_else_s_reminder_and_close(
    damaged, database, year_end, people, damage, moved_clock, mail_server
):
    damage("UPDATE users SET reminder = 1, visited_at = '2026-12-31 12:00:00.000000'")
    damage("DELETE FROM entries")
    damage(f"UPDATE users SET {damaged} WHERE username = 'ada'")
    moved_clock.set(2026, 12, 31, 20, 5)
    Reminding(database).tick()
    with database.read() as session:
        reminded = session.execute(
            text("SELECT email FROM messages WHERE kind = 'reminder'")
        ).scalars()
        assert {"bob@example.org", "cy@example.org"} <= set(reminded)
    look_everywhere(database, year_end)
    moved_clock.set(2027, 1, 2)
    year_end.seal_ended_years()
    with database.read() as session:
        closed = set(session.execute(text("SELECT user_id FROM sealed_years")).scalars())
    assert {who.person.id for who in people[1:]} <= closed


def test_a_job_that_fails_keeps_no_other_from_its_turn(
    year_end, people, moved_clock, mail_server, monkeypatch, caplog
):
    def fail():
        raise ValueError

    fail.__name__ = "follow_wishes"
    monkeypatch.setattr(year_end, "follow_wishes", fail)
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    assert len(mail_server.recipients()) == len(people)
    failed = [line for line in caplog.messages if "follow_wishes failed" in line]
    assert failed == ["follow_wishes failed (ValueError); trying again at the next tick"]


def test_a_round_in_which_a_job_failed_does_not_count(year_end, moved_clock, monkeypatch):
    monkeypatch.setattr(year_end, "erase_due", lambda: 1 / 0)
    moved_clock.moment += timedelta(hours=1)
    year_end.tick()
    assert not year_end.has_done_a_round_within(timedelta(minutes=10))
