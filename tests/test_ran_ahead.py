"""What a clock wrote that ran ahead by years does not last for years once it is set right."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import insert, select, update

from moodtracker import ran_ahead
from moodtracker.accounts import invitations, links, sessions
from moodtracker.accounts.invitations import InvitationSpent
from moodtracker.accounts.links import LinkSpent
from moodtracker.accounts.throttling import Count, Throttle, TooManyTries
from moodtracker.mail import post
from moodtracker.mail.queue import Queue
from moodtracker.models import (
    MailCountRow,
    MessageRow,
    SealedYearRow,
    SessionRow,
    ThrottleRow,
    UserRow,
    mail_counts,
    messages,
    sealed_years,
    throttles,
    users,
)
from moodtracker.reminding import Reminding
from moodtracker.secret import Secret

AHEAD = timedelta(days=5 * 365)


@pytest.fixture
def ahead(moved_clock):
    """The clock runs ahead; called, it is set right."""
    moved_clock.jump(AHEAD)
    return lambda: moved_clock.jump(-AHEAD)


def test_failures_of_another_year_make_nobody_wait(database, ahead):
    throttle, counts = Throttle(database, Secret("a secret of the tests")), [Count("ada", 2)]
    for _ in range(2):
        throttle.begin(counts)
    with pytest.raises(TooManyTries):
        throttle.begin(counts)
    ahead()
    assert throttle.failures("ada") == 0
    for _ in range(2):
        throttle.begin(counts)
    with pytest.raises(TooManyTries):
        throttle.begin(counts)


def test_a_failure_that_another_instance_noted_minutes_ahead_counts(database, moved_clock):
    throttle, counts = Throttle(database, Secret("a secret of the tests")), [Count("ada", 1)]
    throttle.begin(counts)
    moved_clock.jump(-timedelta(minutes=5))
    with pytest.raises(TooManyTries) as refused:
        throttle.begin(counts)
    assert refused.value.wait <= timedelta(seconds=1)


def test_links_and_invitations_of_another_year_are_spent(database, ahead):
    with database.write() as session:
        reset = links.make(session, "reset", 1, "ada@example.org")
    invitation = invitations.make(database, None)
    ahead()
    with pytest.raises(LinkSpent):
        links.look_at(database, "reset", reset)
    with database.write() as session, pytest.raises(InvitationSpent):
        invitations.use(session, invitation)


def test_a_session_of_another_year_counts_from_the_next_clean_up(
    database, join, ahead, moved_clock
):
    cookie = sessions.open_session(database, join().person.id)
    ahead()
    ran_ahead.set_right(database)
    moved_clock.moment += sessions.IDLE + timedelta(hours=1)
    assert sessions.find(database, cookie) is None


def test_who_was_reminded_in_another_year_is_reminded_today(database, join, moved_clock):
    ada = join().person
    moved_clock.set(2026, 11, 24, 20, 1)
    with database.write() as session:
        session.execute(
            update(UserRow).values(
                reminder=True,
                reminder_at=time(20),
                reminded_on=date(2031, 11, 24),
                visited_at=moved_clock.now(),
            )
        )
    Reminding(database).tick()
    with database.read() as session:
        assert session.scalar(select(messages.kind)) == post.Kind.REMINDER
        assert session.scalar(select(users.reminded_on)) == ada.today


def test_a_mail_that_was_put_off_to_another_year_is_tried_now(database, join, ahead, moved_clock):
    ada = join().person
    with database.write() as session:
        post.ask(session, post.Kind.VERIFY, "ada@example.org", user_id=ada.id)
    ahead()
    with database.write() as session:
        assert Queue(messages, "id").claim(session) is not None


def test_a_board_waits_for_its_own_new_year_and_for_no_other(database, join, moved_clock):
    ada, now = join().person, moved_clock.now()
    queue = Queue(sealed_years, "year")
    with database.write() as session:
        session.add(
            SealedYearRow(
                user_id=ada.id,
                year=2026,
                zone="UTC",
                moods="[]",
                state="pending",
                sealed_at=now,
                due_at=now + timedelta(hours=20),
                next_try_at=now + timedelta(hours=20),
                message_id="<a@b>",
            )
        )
    with database.write() as session:
        assert queue.claim(session) is None
        session.execute(update(SealedYearRow).values(next_try_at=now + AHEAD))
        assert queue.claim(session) is not None


def test_all_that_lies_ahead_counts_as_of_now_and_what_does_not_stays(database, join, moved_clock):
    who, now = join(), moved_clock.now()
    with database.write() as session:
        for count in (mail_counts.minute, throttles.failed_at):
            table = {mail_counts.minute: MailCountRow, throttles.failed_at: ThrottleRow}[count]
            values = {"mails": 1} if table is MailCountRow else {"key": "a", "failures": 9}
            session.execute(insert(table).values({count.name: now + AHEAD, **values}))
        post.ask(session, post.Kind.VERIFY, "ada@example.org", user_id=who.person.id)
        session.execute(update(MessageRow).values(created_at=now + AHEAD, next_try_at=now + AHEAD))
        session.execute(update(UserRow).values(visited_at=now + AHEAD, year_open_until=now + AHEAD))
        session.execute(update(SessionRow).values(created_at=now - timedelta(days=3)))
    ran_ahead.set_right(database)
    with database.read() as session:
        assert session.scalar(select(mail_counts.mails)) is None
        assert session.scalar(select(throttles.failures)) is None
        assert session.execute(select(messages.created_at, messages.next_try_at)).one() == (
            now,
            now,
        )
        assert session.execute(select(users.visited_at, users.year_open_until)).one() == (now, now)
        began = session.scalar(select(SessionRow.created_at))
        assert began == now - timedelta(days=3)
