from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from moodtracker.mail.letter import Envelope
from moodtracker.mail.outbox import GIVE_UP_AFTER, LEASE, Outbox
from moodtracker.mail.smtp import Smtp
from moodtracker.moods import Mood
from moodtracker.yearend import Closing, YearEnd

ENVELOPE = Envelope("Moodtracker <mood@example.org>", "https://mood.example.org", 30)


@pytest.fixture
def year_end(database, live, mail_server):
    smtp = Smtp("127.0.0.1", mail_server.port, "none", timeout=0.5)
    closing = Closing(time(0), timedelta(days=30), "example.org")
    return YearEnd(database, live, closing, Outbox(database, smtp, ENVELOPE))


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


def test_many_mails_go_through_one_connection(year_end, with_a_year, mail_server):
    with_a_year("ada", "bob", "cy")
    year_end.tick()
    assert sorted(mail_server.recipients()) == [f"{n}@example.org" for n in ("ada", "bob", "cy")]
    assert mail_server.connections == 1


TROUBLES = {
    "it is down": lambda server: server.stop(),
    "it refuses the sender": lambda server: setattr(server.behaviour, "mail", "550 5.7.1 no"),
    "its quota is used up": lambda server: server.behaviour.rcpt.update(
        {"ada@example.org": "550 5.4.5 daily quota exceeded"}
    ),
    "it has trouble with the data": lambda server: server.behaviour.data.append("451 4.3.0 later"),
    "it hangs at the greeting": lambda server: setattr(server.behaviour, "hang_at", "ehlo"),
    "it hangs at the address": lambda server: setattr(server.behaviour, "hang_at", "rcpt"),
    "it hangs at the data": lambda server: setattr(server.behaviour, "hang_at", "data"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_mail_server_in_trouble_loses_nothing_and_is_tried_again(
    year_end, with_a_year, mail_server, database, moved_clock, trouble
):
    with_a_year("ada")
    TROUBLES[trouble](mail_server)
    year_end.tick()
    row = states(database)["ada"]
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.moods is not None
    failure = year_end.status().failure
    assert (failure.username, failure.year, failure.attempts) == ("ada", 2026, 1)
    assert failure.reason

    mail_server.behaviour.__init__()
    if trouble == "it is down":
        mail_server.start()
    year_end.tick()
    assert mail_server.taken == [], "not before the delay is over"
    moved_clock.moment += timedelta(minutes=2)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]
    assert states(database)["ada"].state == "sent"
    assert year_end.status().failure is None


def test_the_servers_trouble_stops_the_queue_with_growing_delays(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada", "bob")
    mail_server.behaviour.mail = "451 4.7.0 later"
    tried_at = []
    for minute in range(70):
        before = mail_server.connections
        year_end.tick()
        if mail_server.connections > before:
            tried_at.append(minute)
        moved_clock.moment += timedelta(minutes=1)
    assert tried_at == [0, 1, 3, 7, 15, 31, 63]


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
    moved_clock.moment += timedelta(days=60)
    year_end.tick()
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


def test_a_full_mailbox_waits_and_delays_nobody_else(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada", "bob")
    mail_server.behaviour.rcpt["ada@example.org"] = "452 4.2.2 mailbox full"
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org"]
    assert states(database)["ada"].state == "pending"
    mail_server.behaviour.rcpt.clear()
    moved_clock.moment += timedelta(minutes=1)
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org", "ada@example.org"]


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


def test_after_thirty_days_of_failures_a_board_is_held_not_lost(
    year_end, with_a_year, mail_server, database, moved_clock
):
    with_a_year("ada")
    mail_server.stop()
    year_end.tick()
    moved_clock.moment += GIVE_UP_AFTER
    year_end.tick()
    row = states(database)["ada"]
    assert row.state == "held"
    assert row.moods is not None


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


def test_a_worker_whose_lease_was_lost_does_not_mark_what_is_anothers(
    year_end, with_a_year, mail_server, database, moved_clock, monkeypatch
):
    with_a_year("ada")
    year_end.seal_ended_years()
    slow = year_end._outbox
    claim = slow._claim_next()
    moved_clock.moment += LEASE + timedelta(seconds=1)
    slow._return_lost_leases()
    slow._settle(claim, state="sent")
    assert states(database)["ada"].state == "pending"


def test_a_board_that_cannot_be_drawn_does_not_stop_those_behind_it(
    year_end, with_a_year, mail_server, database
):
    with_a_year("ada", "bob")
    year_end.seal_ended_years()
    with database.write() as session:
        session.execute(
            text(
                "UPDATE sealed_years SET moods = 'damaged' WHERE user_id = "
                "(SELECT id FROM users WHERE username = 'ada')"
            )
        )
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org"]
    assert states(database)["ada"].moods == "damaged"
    assert "could not be made" in states(database)["ada"].last_error


def test_two_workers_at_once_send_each_mail_once(
    database, live, with_a_year, mail_server, year_end
):
    names = [f"p{n:02}" for n in range(12)]
    with_a_year(*names)
    year_end.seal_ended_years()
    workers = [
        Outbox(database, Smtp("127.0.0.1", mail_server.port, "none", timeout=5), ENVELOPE)
        for _ in range(3)
    ]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(Outbox.deliver_due, workers))
    assert sorted(mail_server.recipients()) == [f"{name}@example.org" for name in names]
