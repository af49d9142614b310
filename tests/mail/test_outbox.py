from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest
from sqlalchemy import text

from moodtracker.mail import delays
from moodtracker.mail.queue import GIVE_UP_AFTER, LEASE
from moodtracker.moods import Mood
from support.year_end import make_outbox, make_year_end

pytestmark = pytest.mark.splits


@pytest.fixture
def year_end(database, mail_server):
    return make_year_end(database, mail_server.port, mail_at=time(0))


@pytest.fixture
def impatient(database, mail_server):
    """The same, for a server that does not answer."""
    return make_year_end(database, mail_server.port, mail_at=time(0), timeout=0.4)


@pytest.fixture
def with_a_year(diary, join, moved_clock):
    """People whose 2026 has just ended."""

    def make(*names):
        moved_clock.moment = datetime(2026, 12, 31, 12, tzinfo=UTC)
        for name in names:
            diary.record(join(name), date(2026, 12, 31), Mood.GOOD, "tap00001")
        moved_clock.set(2027, 1, 1)

    return make


def states(database):
    with database.read() as session:
        found = session.execute(
            text(
                "SELECT username, state, last_error, attempts, moods FROM sealed_years "
                "JOIN users ON users.id = user_id ORDER BY username"
            )
        )
        return {row.username: row for row in found}


def live_on(year_end, moved_clock, until, step=timedelta(hours=1)):
    """Let the time pass, with a tick now and then."""
    while moved_clock.moment < until:
        moved_clock.moment += step
        year_end.tick()


def test_many_mails_go_through_one_connection(year_end, with_a_year, mail_server):
    with_a_year("ada", "bob", "cy")
    year_end.tick()
    assert sorted(mail_server.recipients()) == [f"{n}@example.org" for n in ("ada", "bob", "cy")]
    assert mail_server.connections == 1


# --- trouble of the server's own (Y4)


def is_down(server):
    server.stop()


def refuses_the_sender(server):
    server.behaviour.mail = "550 5.7.1 no"


def has_used_up_its_quota(server):
    for name in ("ada", "bob", "cy"):
        server.behaviour.rcpt[f"{name}@example.org"] = "550 5.4.5 daily quota exceeded"


def drops_the_connection_in_the_data(server):
    server.behaviour.drop_in_data = 1


def drips(server):
    server.behaviour.drip_at = "mail"


def refuses(stage):
    def refuse(server):
        server.behaviour.refuse[stage] = "554 5.3.2 not now"

    refuse.__name__ = f"refuses_at_{stage}"
    return refuse


def stalls(stage):
    def stall(server):
        server.behaviour.hang_at = stage

    stall.__name__ = f"stalls_at_{stage}"
    return stall


TROUBLES = [
    is_down,
    refuses_the_sender,
    has_used_up_its_quota,
    drops_the_connection_in_the_data,
    drips,
    *(refuses(stage) for stage in ("connect", "ehlo", "content")),
    *(stalls(stage) for stage in ("connect", "ehlo", "mail", "rcpt", "content", "data")),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_mail_server_in_trouble_loses_nothing_holds_nobody_and_is_tried_again(
    year_end, impatient, with_a_year, mail_server, database, moved_clock, trouble
):
    with_a_year("ada", "bob", "cy")
    trouble(mail_server)
    impatient.tick()
    assert {row.state for row in states(database).values()} == {"pending"}
    assert all(row.moods for row in states(database).values())
    status = year_end.status()
    assert status.trouble.words
    assert status.failure.reason == status.trouble.words

    mail_server.behaviour.__init__()
    if trouble is is_down:
        mail_server.start()
    year_end.tick()
    assert mail_server.taken == [], "not before the delay is over"
    moved_clock.moment += timedelta(minutes=2)
    year_end.tick()
    assert sorted(mail_server.recipients()) == [f"{n}@example.org" for n in ("ada", "bob", "cy")]
    assert {row.state for row in states(database).values()} == {"sent"}
    assert year_end.status().failure is None
    assert year_end.status().trouble is None


def test_a_refused_password_stops_the_queue_and_holds_nobody(
    with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada", "bob")
    mail_server.behaviour.password = "the right one"
    wrong = make_year_end(
        database, mail_server.port, mail_at=time(0), login=("mood", "a wrong one")
    )
    wrong.tick()
    assert {row.state for row in states(database).values()} == {"pending"}
    assert wrong.status().trouble.words.startswith("535")
    moved_clock.moment += timedelta(minutes=2)
    make_year_end(
        database, mail_server.port, mail_at=time(0), login=("mood", "the right one")
    ).tick()
    assert len(mail_server.taken) == 2


def test_the_servers_trouble_is_met_ever_less_often_by_all_workers_together(
    database, with_a_year, mail_server, moved_clock
):
    with_a_year("ada", "bob")
    workers = [make_year_end(database, mail_server.port, mail_at=time(0)) for _ in range(3)]
    mail_server.behaviour.mail = "451 4.7.0 later"
    tried_at = []
    for minute in range(50):
        before = mail_server.connections
        for worker in workers:
            worker.tick()
        assert mail_server.connections - before in (0, 1)
        if mail_server.connections > before:
            tried_at.append(minute)
        moved_clock.moment += timedelta(minutes=1)
    waits = [later - earlier for earlier, later in pairwise(tried_at)]
    assert len(waits) >= 5
    for failures, wait in enumerate(waits, start=1):
        shortest = delays.after(failures) / timedelta(minutes=1)
        assert shortest <= wait <= shortest * (1 + delays.JITTER) + 1


def test_the_breaker_is_remembered_over_a_restart(year_end, database, with_a_year, mail_server):
    with_a_year("ada")
    mail_server.behaviour.mail = "451 4.7.0 later"
    year_end.tick()
    make_year_end(database, mail_server.port, mail_at=time(0)).tick()
    assert mail_server.connections == 1


@pytest.mark.parametrize("days", [3, 60])
def test_a_server_that_was_down_for_days_gets_every_board_once_it_is_back(
    year_end, with_a_year, mail_server, database, moved_clock, days
):
    with_a_year("ada", "bob", "cy")
    mail_server.stop()
    back = moved_clock.moment + timedelta(days=days)
    live_on(year_end, moved_clock, back, timedelta(days=days / 5))
    assert {row.state for row in states(database).values()} == {"pending"}
    mail_server.start()
    live_on(year_end, moved_clock, moved_clock.moment + timedelta(hours=8), timedelta(hours=8))
    assert len(mail_server.taken) == 3


def test_a_server_that_says_421_after_20_mails_is_called_again(
    year_end, with_a_year, mail_server, database
):
    with_a_year(*(f"p{number:02}" for number in range(21)))
    mail_server.behaviour.mails_a_connection = 20
    year_end.tick()
    assert len(mail_server.taken) == len(set(mail_server.recipients())) == 21
    assert mail_server.connections == 2
    assert year_end.status().trouble is None


# --- trouble with one person's address (Y4)


def test_an_address_refused_for_good_holds_its_person_alone(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada", "bob")
    mail_server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 no such person"
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org"]
    held = states(database)["ada"]
    assert held.state == "held"
    assert "5.1.1 no such person" in held.last_error
    assert held.moods is not None
    live_on(year_end, moved_clock, datetime(2027, 3, 5, tzinfo=UTC), timedelta(days=1))
    assert states(database)["ada"].moods is not None


def test_what_is_held_is_sent_once_the_operator_says_so(
    year_end, with_a_year, mail_server, database
):
    with_a_year("ada")
    mail_server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 no such person"
    year_end.tick()
    mail_server.behaviour.rcpt.clear()
    year_end.tick()
    assert mail_server.taken == []
    year_end.retry_held()
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


def test_a_mailbox_that_is_busy_twice_delays_nobody_else(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada", "bob")
    mail_server.behaviour.rcpt["ada@example.org"] = ["450 4.2.1 busy", "450 4.2.1 busy"]
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org"]
    assert states(database)["ada"].attempts == 1
    moved_clock.moment += timedelta(minutes=2)
    year_end.tick()
    assert states(database)["ada"].attempts == 2
    moved_clock.moment += timedelta(minutes=1)
    year_end.tick()
    assert states(database)["ada"].attempts == 2, "the waits grow"
    moved_clock.moment += timedelta(minutes=2)
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org", "ada@example.org"]


def test_an_address_at_which_the_server_hangs_goes_to_the_end_of_the_queue(
    year_end, impatient, with_a_year, mail_server, moved_clock
):
    with_a_year("ada", "bob", "cy")
    mail_server.behaviour.hang_for = "ada@example.org"
    impatient.tick()
    assert mail_server.taken == []

    def hang_no_longer():  # once the last of the others is taken, so that nobody has to wait
        if mail_server.recipients() == ["bob@example.org"]:
            mail_server.behaviour.hang_for = None
            mail_server.behaviour.drop_for = "ada@example.org"

    mail_server.behaviour.before_taking = hang_no_longer
    moved_clock.moment += timedelta(minutes=2)
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org", "cy@example.org"]
    mail_server.behaviour.__init__()
    live_on(year_end, moved_clock, moved_clock.moment + timedelta(minutes=10), timedelta(minutes=5))
    assert mail_server.recipients()[2:] == ["ada@example.org"]


def test_after_thirty_days_of_refusals_a_board_is_held_not_lost(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada")
    mail_server.behaviour.rcpt["ada@example.org"] = "452 4.2.2 full"
    year_end.tick()
    with database.write() as session:  # as many refusals later
        session.execute(text("UPDATE sealed_years SET attempts = 126"))
    assert timedelta(days=29) < delays.together(127) < GIVE_UP_AFTER <= delays.together(128)
    live_on(year_end, moved_clock, moved_clock.moment + timedelta(hours=7), timedelta(hours=7))
    assert states(database)["ada"].state == "pending"
    live_on(year_end, moved_clock, moved_clock.moment + timedelta(hours=16), timedelta(hours=8))
    row = states(database)["ada"]
    assert row.state == "held"
    assert row.moods is not None


# --- the same mail on each try (Y3, Y6)


def test_every_try_carries_the_same_message_id_and_date(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada")
    mail_server.behaviour.drop_after_data = 1  # taken, but the 250 never arrives
    year_end.tick()
    assert states(database)["ada"].state == "pending"
    moved_clock.moment += timedelta(days=8)
    year_end.tick()
    first, second = [message for _, message in mail_server.taken]
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]
    assert first.as_bytes() == second.as_bytes()


def refused(server, say):
    """The mailbox is refused for good, until another address is given."""
    server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 no such user"
    return lambda: say("email = 'lovelace@example.org'")


def not_wanted(_server, say):
    """It is not wanted any more just as its turn comes, and wanted again later."""
    say("year_end_mail = false")
    return lambda: say("year_end_mail = true")


def silent_before_the_mail(server, _say):
    """The server does not even answer that it would take one."""
    server.behaviour.hang_at = "content"

    def mend():
        server.behaviour.hang_at = None

    return mend


def refused_in_the_end(server, _say):
    """The server has all of it, and says that it does not take it."""
    server.behaviour.data = ["452 4.3.1 no room"]
    return lambda: None


@pytest.mark.parametrize(
    "trouble",
    [refused, not_wanted, silent_before_the_mail, refused_in_the_end],
    ids=lambda it: it.__name__,
)
def test_a_try_at_which_nothing_was_handed_over_dates_no_mail(
    year_end, database, with_a_year, mail_server, moved_clock, trouble
):
    def say(what):
        with database.write() as session:
            session.execute(text(f"UPDATE users SET {what}"))

    with_a_year("ada")
    year_end.seal_ended_years()
    mend = trouble(mail_server, say)
    make_outbox(database, mail_server.port, timeout=1).deliver_due()
    assert mail_server.taken == []
    assert states(database)["ada"].attempts == 1
    moved_clock.set(2027, 2, 20, 18)
    mend()
    year_end.tick()
    ((_, message),) = mail_server.taken
    assert parsedate_to_datetime(message["Date"]) == moved_clock.now()


def test_a_date_at_which_a_mail_may_have_been_taken_outlives_a_refusal(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada")
    mail_server.behaviour.drop_after_data = 1
    year_end.tick()
    mail_server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 no such user"
    moved_clock.moment += timedelta(days=1)
    year_end.tick()
    assert states(database)["ada"].state == "held"
    mail_server.behaviour.rcpt.clear()
    moved_clock.moment += timedelta(days=8)
    year_end.retry_held()
    year_end.tick()
    first, second = [message for _, message in mail_server.taken]
    assert first["Date"] == second["Date"]


def test_where_it_is_unknown_whether_a_mail_was_taken_the_tries_grow_rare(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada")
    mail_server.behaviour.drop_after_data = 1000
    live_on(year_end, moved_clock, moved_clock.moment + timedelta(days=1))
    assert 1 < len(mail_server.taken) < 12
    assert len({message["Message-ID"] for _, message in mail_server.taken}) == 1


# --- workers


def test_a_worker_that_died_while_sending_is_taken_over_after_its_lease(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada")
    year_end.seal_ended_years()
    with database.write() as session:  # what a killed worker leaves behind
        session.execute(
            text(
                "UPDATE sealed_years SET state = 'sending', lease_owner = 'dead', attempts = 1, "
                "message_date = :now, lease_until = :until"
            ),
            {"now": moved_clock.now(), "until": moved_clock.now() + LEASE},
        )
    year_end.tick()
    assert mail_server.taken == []
    moved_clock.moment += LEASE + timedelta(seconds=1)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


def test_a_lease_from_a_clock_that_ran_ahead_does_not_last_for_years(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada")
    year_end.seal_ended_years()
    with database.write() as session:
        session.execute(
            text(
                "UPDATE sealed_years SET state = 'sending', lease_owner = 'dead', attempts = 1, "
                "message_date = :now, lease_until = :until"
            ),
            {"now": moved_clock.now(), "until": moved_clock.now() + timedelta(days=1800)},
        )
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


def test_a_worker_whose_lease_was_lost_does_not_mark_what_is_anothers(
    database, with_a_year, mail_server, year_end, moved_clock
):
    with_a_year("ada")
    year_end.seal_ended_years()
    second = make_outbox(database, mail_server.port)

    slow = make_outbox(database, mail_server.port)
    taken_on = slow._next(slow._lanes)
    moved_clock.moment += LEASE + timedelta(seconds=1)
    second.deliver_due()
    assert states(database)["ada"].state == "sent"
    slow._note(
        taken_on,
        lambda session: taken_on.lane.held(session, taken_on.claim, "late", "ada@example.org"),
    )
    slow._write_down()
    assert states(database)["ada"].state == "sent"


def test_a_board_that_cannot_be_drawn_does_not_stop_those_behind_it(
    year_end, with_a_year, mail_server, database
):
    with_a_year("ada", "bob", "cy")
    year_end.seal_ended_years()
    with database.write() as session:
        session.execute(
            text(
                "UPDATE sealed_years SET moods = 'damaged' WHERE user_id = "
                "(SELECT id FROM users WHERE username = 'ada')"
            )
        )
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org", "cy@example.org"]
    assert states(database)["ada"].moods == "damaged"
    assert "could not be made" in states(database)["ada"].last_error


def test_workers_at_once_send_each_mail_once(database, with_a_year, mail_server, year_end):
    names = [f"p{n:02}" for n in range(24)]
    with_a_year(*names)
    year_end.seal_ended_years()
    workers = [make_outbox(database, mail_server.port) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda worker: worker.deliver_due(), workers))
    assert sorted(mail_server.recipients()) == [f"{name}@example.org" for name in names]


def test_a_worker_that_is_told_to_stop_finishes_its_mail_and_leaves_the_rest(
    year_end, with_a_year, mail_server, database
):
    with_a_year("ada", "bob", "cy")
    mail_server.behaviour.before_taking = year_end.stop
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]
    assert [row.state for row in states(database).values()] == ["sent", "pending", "pending"]


def test_what_could_not_be_marked_is_marked_before_anything_else_is_sent(
    year_end, with_a_year, mail_server, database, monkeypatch
):
    with_a_year("ada", "bob")
    year_end.seal_ended_years()
    write = database.write

    def full():
        raise OSError(28, "No space left on device")

    mail_server.behaviour.before_taking = lambda: monkeypatch.setattr(database, "write", full)
    with pytest.raises(OSError, match="No space"):
        year_end.tick()
    assert states(database)["ada"].state == "sending"
    mail_server.behaviour.before_taking = lambda: None
    monkeypatch.setattr(database, "write", write)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org", "bob@example.org"]
    assert [row.state for row in states(database).values()] == ["sent", "sent"]
