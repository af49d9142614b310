"""Every mail but the boards: they come first, are sent once, and dropped when it is too late."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from moodtracker.mail import post
from moodtracker.mail.letter import Letter
from moodtracker.mail.post import Kind
from moodtracker.moods import Mood
from support.year_end import make_outbox, make_year_end

LINES = "From: mood@example.org\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@x>\r\n\r\nHello.\r\n"


def write(asked):
    content = LINES.format(asked.email, asked.kind, asked.message_id).encode()
    return Letter(asked.email, content)


@pytest.fixture
def outbox(database, mail_server, moved_clock):
    writers = dict.fromkeys((Kind.VERIFY, Kind.RESET), write) | {Kind.JOIN: lambda _: None}
    return make_outbox(database, mail_server.port, writers=writers)


@pytest.fixture
def ask(database):
    def one(kind, email):
        with database.write() as session:
            post.ask(session, kind, email, user_id=1)

    return one


def waiting(database):
    with database.read() as session:
        return session.execute(text("SELECT email, state, attempts FROM messages")).all()


def test_what_was_asked_for_is_sent_once_and_nothing_of_it_stays(
    outbox, ask, mail_server, database
):
    ask(Kind.VERIFY, "ada@example.org")
    for _ in range(3):
        outbox.deliver_due()
    assert mail_server.recipients() == ["ada@example.org"]
    assert waiting(database) == []


def test_people_are_served_before_boards_at_every_single_mail(
    database, diary, join, ask, mail_server, moved_clock
):
    moved_clock.set(2026, 12, 31, 12)
    for name in ("ada", "bob"):
        diary.record(join(name), date(2026, 12, 31), Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1)
    year_end = make_year_end(
        database, mail_server.port, mail_at=time(0), writers={Kind.RESET: write}
    )

    def somebody_forgets():
        mail_server.behaviour.before_taking = lambda: None
        ask(Kind.RESET, "in.a.hurry@example.org")

    mail_server.behaviour.before_taking = somebody_forgets
    year_end.tick()
    assert mail_server.recipients() == [
        "ada@example.org",
        "in.a.hurry@example.org",
        "bob@example.org",
    ]
    assert mail_server.connections == 1


def test_a_new_password_that_is_asked_for_in_vain_is_not_sent_half_an_hour_later(
    outbox, ask, mail_server, database, moved_clock
):
    mail_server.behaviour.mail = "451 4.3.0 later"
    ask(Kind.RESET, "ada@example.org")
    ask(Kind.VERIFY, "bob@example.org")
    outbox.deliver_due()
    mail_server.behaviour.mail = None
    moved_clock.moment += timedelta(minutes=30)
    outbox.deliver_due()
    assert mail_server.recipients() == ["bob@example.org"]
    assert waiting(database) == []


def test_where_there_is_nothing_to_say_nothing_is_sent(outbox, ask, mail_server, database):
    ask(Kind.JOIN, "ada@example.org")
    outbox.deliver_due()
    assert mail_server.connections == 0
    assert waiting(database) == []


def test_every_try_of_a_mail_has_one_message_id(outbox, ask, mail_server, moved_clock):
    ask(Kind.VERIFY, "ada@example.org")
    mail_server.behaviour.drop_after_data = 1
    outbox.deliver_due()
    moved_clock.moment += timedelta(minutes=5)
    outbox.deliver_due()
    assert len({message["Message-ID"] for _, message in mail_server.taken}) == 1
    assert len(mail_server.taken) == 2


def test_a_refused_mail_is_kept_for_the_operator_to_see_and_then_forgotten(
    outbox, ask, mail_server, database, moved_clock
):
    ask(Kind.VERIFY, "typo@example.org")
    mail_server.behaviour.rcpt["typo@example.org"] = "550 5.1.1 no such person"
    outbox.deliver_due()
    assert [row.state for row in waiting(database)] == ["held"]
    moved_clock.moment += timedelta(days=8)
    post.forget_old(database)
    assert waiting(database) == []


def test_a_kind_that_this_version_cannot_write_stops_nobody(outbox, ask, mail_server, database):
    ask("of a newer version", "ada@example.org")
    ask(Kind.VERIFY, "bob@example.org")
    outbox.deliver_due()
    assert mail_server.recipients() == ["bob@example.org"]
    assert [(row.email, row.attempts) for row in waiting(database)] == [("ada@example.org", 1)]


# --- the mail server's hourly limit


def send_within(database, mail_server, limit):
    make_outbox(database, mail_server.port, limit=limit, writers={Kind.VERIFY: write}).deliver_due()
    return len(mail_server.taken)


def test_no_more_mails_an_hour_than_the_server_takes_over_restarts_and_workers(
    ask, mail_server, database, moved_clock
):
    moved_clock.moment = datetime(2027, 1, 1, 9, 30, 30, tzinfo=UTC)
    for number in range(12):
        ask(Kind.VERIFY, f"p{number}@example.org")
    assert send_within(database, mail_server, 5) == 5
    assert send_within(database, mail_server, 5) == 5, "another worker, or the same anew"
    moved_clock.moment += timedelta(minutes=59)
    assert send_within(database, mail_server, 5) == 5
    moved_clock.moment += timedelta(minutes=2)
    assert send_within(database, mail_server, 5) == 10
    moved_clock.moment += timedelta(hours=2)
    assert send_within(database, mail_server, 5) == 12


def test_boards_leave_some_of_the_hours_mails_to_people_who_wait(
    database, diary, join, ask, mail_server, moved_clock
):
    moved_clock.set(2026, 12, 31, 12)
    for number in range(5):
        diary.record(join(f"p{number}"), date(2026, 12, 31), Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1)
    year_end = make_year_end(
        database, mail_server.port, mail_at=time(0), limit=4, writers={Kind.RESET: write}
    )
    year_end.tick()
    assert len(mail_server.taken) == 3
    ask(Kind.RESET, "in.a.hurry@example.org")
    year_end.tick()
    assert mail_server.recipients()[3:] == ["in.a.hurry@example.org"]


def test_a_tried_mail_counts_also_where_it_was_not_taken(ask, mail_server, database, moved_clock):
    for number in range(3):
        ask(Kind.VERIFY, f"p{number}@example.org")
    mail_server.behaviour.rcpt["p0@example.org"] = "450 4.2.1 busy"
    assert send_within(database, mail_server, 2) == 1
