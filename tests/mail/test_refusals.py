"""A refusal is the mail's own until several in a row show that it is the server's (Y4)."""

import logging
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select, text

from moodtracker.accounts.people import find
from moodtracker.mail import post
from moodtracker.mail.line import Line
from moodtracker.models import messages
from moodtracker.moods import Mood
from support.year_end import QUICK_WRITERS, make_year_end

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def year_end(database, mail_server):
    return make_year_end(database, mail_server.port, mail_at=time(0), writers=QUICK_WRITERS)


@pytest.fixture
def ask(database):
    """Somebody forgot their password."""

    def one(name, kind=post.Kind.RESET, user_id=post.NOBODY):
        with database.write() as session:
            post.ask(session, kind, f"{name}@example.org", user_id=user_id)

    return one


@pytest.fixture
def with_a_year(diary, join, moved_clock):
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
                "SELECT username, state, last_error, attempts FROM sealed_years "
                "JOIN users ON users.id = user_id ORDER BY username"
            )
        )
        return {row.username: row for row in found}


def tick_for(year_end, moved_clock, span, step):
    until = moved_clock.moment + span
    while moved_clock.moment < until:
        moved_clock.moment += step
        year_end.tick()


def refuse(server, reply, *names):
    for name in names:
        server.behaviour.rcpt[f"{name}@example.org"] = reply


# --- one mail's own


OF_ONE_RECIPIENT = [
    "550 5.7.1 no",
    "550 5.4.4 no route",
    "554 no",
    "552 5.3.4 too large",
    "550 5.7.1 You are not allowed to send to this recipient",
    "550 mood@example.org is blocked by the recipient",
    "550 Sender is not allowed to mail this recipient",
    "550 Sender denied by the recipient's blacklist",
    "550 5.1.0 Mail from mood@example.org rejected by recipient's personal block list",
    "550 <mood@example.org>: Sender address rejected: blocked by recipient ada@example.org",
    "530 5.7.1 Recipient mailbox requires authentication of sender",
    "554 5.2.252 SendAsDenied",
    "451 4.3.0 no",
    "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded",
    "421 4.3.2 not now",
]
OF_ONE_CONTENT = [
    "554 5.7.1 attachment blocked, please resend as plain text",
    "550 Attachment type not allowed, send as zip",
    "550 5.7.1 daily sending limit exceeded",
    "451 4.3.0 no",
]


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        *(("rcpt", reply) for reply in OF_ONE_RECIPIENT),
        *(("data_for", reply) for reply in OF_ONE_CONTENT),
    ],
)
def test_one_mail_that_is_refused_stops_no_other_whatever_is_said(
    year_end, with_a_year, mail_server, moved_clock, database, ask, stage, reply
):
    others = ("bob", "cy", "dora")
    with_a_year("ada", *others)
    getattr(mail_server.behaviour, stage)["ada@example.org"] = reply
    year_end.tick()
    assert mail_server.recipients() == [f"{name}@example.org" for name in others]
    assert year_end.status().trouble is None
    assert (states(database)["ada"].state, states(database)["ada"].attempts) == ("pending", 1)
    assert year_end.status().failure.reason == reply
    for number in range(10):
        moved_clock.moment += DAY / 2
        ask(f"p{number}")
        year_end.tick()
        assert mail_server.recipients()[-1] == f"p{number}@example.org"
        assert year_end.status().trouble is None
    assert states(database)["ada"].attempts == 11, "each try counts"


def test_one_address_with_letters_that_the_server_does_not_take_stops_no_other(
    year_end, with_a_year, join, diary, mail_server, moved_clock, database
):
    with_a_year("bob", "cy")
    moved_clock.moment = datetime(2026, 12, 31, 12, tzinfo=UTC)
    diary.record(join("ada", email="jürgen@example.org"), date(2026, 12, 31), Mood.GOOD, "tap1")
    moved_clock.set(2027, 1, 1)
    mail_server.behaviour.mail_with["SMTPUTF8"] = "555 5.5.4 Unsupported option: SMTPUTF8"
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org", "cy@example.org"]
    assert year_end.status().trouble is None
    assert (states(database)["ada"].state, states(database)["ada"].attempts) == ("pending", 1)


def test_one_person_who_is_refused_delays_nobody_whose_year_ends_later(
    year_end, diary, join, mail_server, moved_clock
):
    moved_clock.moment = datetime(2026, 12, 31, 9, tzinfo=UTC)
    ann = join("ann", zone="Pacific/Kiritimati")
    diary.record(ann, date(2026, 12, 31), Mood.GOOD, "tap00001")
    for name in ("bob", "cy"):
        diary.record(join(name, zone="Europe/Berlin"), date(2026, 12, 31), Mood.GOOD, "tap00001")
    refuse(mail_server, "550 5.7.1 You are not allowed to send to this recipient", "ann")
    moved_clock.moment = datetime(2026, 12, 31, 10, tzinfo=UTC)
    tick_for(year_end, moved_clock, 12 * HOUR, timedelta(minutes=30))
    assert mail_server.taken == []
    moved_clock.moment = datetime(2026, 12, 31, 23, tzinfo=UTC)
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org", "cy@example.org"]


def test_in_thirty_days_with_a_refused_board_every_password_mail_arrives(
    year_end, with_a_year, mail_server, moved_clock, database, ask
):
    with_a_year("ada", "bob")
    refuse(mail_server, "550 5.7.1 no", "ada")
    for number in range(60):
        ask(f"p{number:02}")
        year_end.tick()
        moved_clock.moment += 12 * HOUR
    arrived = [who for who in mail_server.recipients() if who.startswith("p")]
    assert len(arrived) == 60
    assert year_end.status().trouble is None
    assert states(database)["ada"].attempts > 50


def test_a_board_that_is_refused_for_thirty_days_of_tries_is_held(
    year_end, with_a_year, mail_server, moved_clock, database
):
    with_a_year("ada", "bob")
    refuse(mail_server, "552 5.3.4 too large", "ada")
    tick_for(year_end, moved_clock, timedelta(minutes=30), timedelta(minutes=2))
    with database.write() as session:  # as many refusals later
        session.execute(text("UPDATE sealed_years SET attempts = 127 WHERE state = 'pending'"))
    tick_for(year_end, moved_clock, 7 * HOUR, 7 * HOUR)
    assert states(database)["ada"].state == "held"
    assert states(database)["ada"].last_error == "552 5.3.4 too large"
    mail_server.behaviour.rcpt.clear()
    year_end.retry_held()
    assert states(database)["ada"].attempts == 0, "it gets all its tries again"
    year_end.tick()
    assert states(database)["ada"].state == "sent"


def test_a_mail_that_the_server_drops_the_connection_at_stops_the_others_but_once(
    year_end, with_a_year, mail_server, moved_clock, database, ask
):
    with_a_year("ada", "bob")
    mail_server.behaviour.drop_for = "ada@example.org"
    year_end.tick()
    assert year_end.status().trouble is not None, "it might be the server"
    tick_for(year_end, moved_clock, timedelta(minutes=2), timedelta(minutes=2))
    assert mail_server.recipients() == ["bob@example.org"]
    tick_for(year_end, moved_clock, DAY, 6 * HOUR)
    assert states(database)["ada"].attempts > 1
    assert year_end.status().trouble is None


def test_a_full_mailbox_is_tried_again_and_never_the_servers_trouble(
    year_end, with_a_year, mail_server, moved_clock, database
):
    names = ("ada", "bob", "cy", "dora")
    with_a_year(*names)
    refuse(mail_server, "552 5.2.2 mailbox full", *names)
    year_end.tick()
    assert {row.state for row in states(database).values()} == {"pending"}
    assert year_end.status().trouble is None
    mail_server.behaviour.rcpt.clear()
    moved_clock.moment += timedelta(minutes=2)
    year_end.tick()
    assert len(mail_server.taken) == 4


def test_addresses_that_anybody_typed_prove_nothing_against_the_server(
    year_end, with_a_year, mail_server, ask
):
    with_a_year("ada")
    names = [f"p{number}" for number in range(5)]
    for name in names:
        ask(name, post.Kind.JOIN)
    refuse(mail_server, "550 5.1.1 no such user", *names)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]
    assert year_end.status().trouble is None


# --- the server's, or our sender's


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.0 <mood@example.org>: Sender address rejected: User unknown",
        "550 5.1.0 Address rejected",
        "550 5.1.90 limit reached",
        "550 5.1.1 no such user",
        "552 5.2.3 too large",
        "550 relay not permitted",
        "554 5.7.1 <EACH>: Relay access denied",
        "550 <EACH>: administrative prohibition",
        "550 Relaying to NAME prohibited",
        "550 NAME is not one of ours",
        "550 no such sender",
        "550 invalid HELO; no such host",
        "550 5.2.1 mood@example.org: sender account is disabled",
        "554 5.2.252 SendAsDenied",
        "530 5.7.0 Authentication required",
        "450 4.1.8 <mood@example.org>: Sender address rejected: Domain not found",
    ],
)
def test_a_sender_that_is_refused_holds_nobody_for_good_and_all_goes_out_once_it_is_mended(
    year_end, with_a_year, mail_server, moved_clock, database, reply
):
    names = [f"p{number}" for number in range(6)]
    with_a_year(*names)
    for name in names:
        said = reply.replace("EACH", f"{name}@example.org").replace("NAME", name)
        refuse(mail_server, said, name)
    year_end.tick()
    assert {row.state for row in states(database).values()} == {"pending"}
    assert year_end.status().trouble is not None, "the operator is told"
    tick_for(year_end, moved_clock, 45 * DAY, 5 * DAY)
    assert {row.state for row in states(database).values()} == {"pending"}
    mail_server.behaviour.rcpt.clear()
    tick_for(year_end, moved_clock, 8 * HOUR, 8 * HOUR)
    assert sorted(mail_server.recipients()) == [f"{name}@example.org" for name in names]
    assert year_end.status().trouble is None
    assert year_end.status().failure is None


def test_a_relay_that_refuses_everybody_by_two_codes_in_turn_is_known(
    year_end, with_a_year, mail_server
):
    names = [f"p{number}" for number in range(4)]
    with_a_year(*names)
    for number, name in enumerate(names):
        refuse(mail_server, f"55{number % 2 * 4} 5.7.1 Relaying denied", name)
    year_end.tick()
    assert year_end.status().trouble is not None


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.2.1 mood@example.org: sender account is disabled",
        "550 5.1.2 mood@example.org: sender domain not found",
        "550 no such sender",
        "550 invalid HELO; no such host",
        "550 Recipient rejected: your sending IP address is listed",
        "550 account rejected: sending limit exceeded for mood",
        "550 5.1.0 <mood@example.org>: Sender address rejected: User unknown",
        "554 5.2.252 SendAsDenied",
        "550 5.1.90 limit reached",
        "552 5.2.3 too large",
        "550 relay not permitted",
    ],
)
@pytest.mark.parametrize("names", [("ada",), ("ada", "bob")])
def test_a_trouble_of_ours_holds_nobody_for_good_where_few_people_live(
    year_end, with_a_year, mail_server, moved_clock, database, reply, names
):
    with_a_year(*names)
    refuse(mail_server, reply, *names)
    year_end.tick()
    assert {row.state for row in states(database).values()} == {"pending"}
    assert year_end.status().failure.reason == reply, "the operator can read it"
    tick_for(year_end, moved_clock, DAY, DAY)
    mail_server.behaviour.rcpt.clear()
    tick_for(year_end, moved_clock, DAY, 7 * HOUR)
    assert sorted(mail_server.recipients()) == [f"{name}@example.org" for name in names]


def test_a_sender_that_exchange_refuses_after_the_data_holds_nobody(
    year_end, with_a_year, mail_server, moved_clock, database
):
    with_a_year("ada", "bob", "cy")
    mail_server.behaviour.data = ["554 5.2.252 SendAsDenied"] * 3
    year_end.tick()
    assert {row.state for row in states(database).values()} == {"pending"}
    assert "SendAsDenied" in year_end.status().trouble.words
    tick_for(year_end, moved_clock, timedelta(minutes=2), timedelta(minutes=2))
    assert len(mail_server.taken) == 3


def test_what_is_refused_in_a_row_is_remembered_by_all_workers_and_over_a_restart(
    with_a_year, mail_server, database
):
    with_a_year("ada", "bob", "cy")
    refuse(mail_server, "550 5.7.1 no", "ada", "bob", "cy")
    for _ in range(3):  # each a worker of its own, that ends after one mail
        worker = make_year_end(database, mail_server.port, mail_at=time(0))
        worker.seal_ended_years()
        with Line(worker._outbox._smtp, "mood@example.org") as line:
            worker._outbox._deliver(worker._outbox._next(worker._outbox._lanes), line)
            worker._outbox._write_down()
    assert worker.status().trouble.words == "550 5.7.1 no"


def test_three_dead_addresses_in_a_row_delay_the_others_for_a_minute_and_are_held_then(
    year_end, with_a_year, mail_server, moved_clock, database
):
    with_a_year("ada", "bob", "cy", "dora")
    refuse(mail_server, "550 5.1.1 no such user", "ada", "bob", "cy")
    year_end.tick()
    assert mail_server.taken == []
    tick_for(year_end, moved_clock, timedelta(minutes=4), timedelta(minutes=2))
    assert mail_server.recipients() == ["dora@example.org"]
    assert [row.state for row in states(database).values()] == ["held", "held", "held", "sent"]
    assert year_end.status().trouble is None
    tick_for(year_end, moved_clock, 3 * DAY, 12 * HOUR)
    assert [row.state for row in states(database).values()] == ["held", "held", "held", "sent"]


def test_what_somebody_waits_for_is_tried_while_boards_wait(
    year_end, with_a_year, mail_server, moved_clock, ask
):
    names = ("ada", "bob", "cy", "dora")
    with_a_year(*names)
    refuse(mail_server, "550 5.7.1 no", *names)
    year_end.tick()
    assert year_end.status().trouble is not None
    refuse(mail_server, "550 5.7.1 no", "eve")
    ask("eve")
    ask("finn")
    moved_clock.moment += timedelta(seconds=5)
    year_end.tick()
    assert mail_server.recipients() == ["finn@example.org"]


def test_a_server_that_is_down_is_asked_once_a_minute_for_what_somebody_waits_for(
    year_end, with_a_year, mail_server, moved_clock, ask
):
    with_a_year("ada")
    mail_server.behaviour.mail = "451 4.7.0 not now"
    year_end.tick()
    tick_for(year_end, moved_clock, 3 * HOUR, 30 * timedelta(minutes=1))
    for number in range(5):
        ask(f"p{number}")
    before = mail_server.connections
    tick_for(year_end, moved_clock, timedelta(minutes=6), timedelta(seconds=15))
    assert 3 <= mail_server.connections - before <= 7
    mail_server.behaviour.mail = None
    tick_for(year_end, moved_clock, timedelta(minutes=10), timedelta(minutes=1))
    assert {f"p{number}@example.org" for number in range(5)} <= set(mail_server.recipients())


def test_no_address_of_anybody_stands_in_the_log(year_end, with_a_year, mail_server, caplog):
    with_a_year("ada")
    refuse(mail_server, "550 5.7.1 <ada@example.org>: no", "ada")
    with caplog.at_level(logging.INFO):
        year_end.tick()
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("moodtracker")]
    assert any("550 5.7.1" in line for line in ours)
    assert not any("ada@" in line for line in ours)


# --- trying now


def test_to_try_now_ends_the_waiting(year_end, with_a_year, mail_server, moved_clock):
    with_a_year("ada", "bob")
    mail_server.behaviour.mail = "451 4.7.0 not now"
    tick_for(year_end, moved_clock, 2 * DAY, 7 * HOUR)
    mail_server.behaviour.mail = None
    year_end.tick()
    assert mail_server.taken == []
    year_end.retry_held()
    year_end.tick()
    assert len(mail_server.taken) == 2


# --- whatever else goes wrong


def test_any_other_error_puts_the_mail_back_and_is_said_in_words(
    year_end, with_a_year, mail_server, database, monkeypatch, moved_clock
):
    with_a_year("ada", "bob")

    def broken(*_):
        raise UnicodeEncodeError("ascii", "ü", 0, 1, "no")

    with monkeypatch.context() as patched:
        patched.setattr("smtplib.SMTP.rcpt", broken)
        year_end.tick()
    assert {row.state for row in states(database).values()} == {"pending"}
    assert "could not be handed over (UnicodeEncodeError)" in year_end.status().failure.reason
    tick_for(year_end, moved_clock, timedelta(minutes=2), timedelta(minutes=2))
    assert len(mail_server.taken) == 2


def test_a_login_that_cannot_be_spoken_is_the_servers_trouble_and_leases_nothing(
    database, with_a_year, mail_server
):
    with_a_year("ada")
    mail_server.behaviour.password = "Größe"
    wrong = make_year_end(database, mail_server.port, mail_at=time(0), login=("mood", "\ud800"))
    wrong.tick()
    assert states(database)["ada"].state == "pending"
    assert "UnicodeEncodeError" in wrong.status().trouble.words
    make_year_end(database, mail_server.port, mail_at=time(0), login=("mood", "Größe")).retry_held()
    make_year_end(database, mail_server.port, mail_at=time(0), login=("mood", "Größe")).tick()
    assert mail_server.recipients() == ["ada@example.org"]


# --- the mail's date


def test_a_mail_that_never_reached_the_server_has_the_date_of_the_try_that_did(
    year_end, with_a_year, mail_server, moved_clock
):
    with_a_year("ada")
    mail_server.behaviour.mail = "451 4.7.0 not now"
    tick_for(year_end, moved_clock, 60 * DAY, 2 * DAY)
    mail_server.behaviour.mail = None
    tick_for(year_end, moved_clock, 8 * HOUR, 8 * HOUR)
    ((_, message),) = mail_server.taken
    assert message["Date"].datetime == moved_clock.moment


# --- the hourly limit


def test_the_hourly_limit_holds_over_any_sixty_minutes(
    database, mail_server, with_a_year, moved_clock
):
    names = [f"p{number:02}" for number in range(30)]
    with_a_year(*names)
    limited = make_year_end(database, mail_server.port, mail_at=time(0), limit=10)
    moved_clock.moment = datetime(2027, 1, 1, 9, 0, 50, tzinfo=UTC)
    sent_at = []
    while len(sent_at) < 18:
        limited.tick()
        sent_at += [moved_clock.moment] * (len(mail_server.taken) - len(sent_at))
        moved_clock.moment += timedelta(seconds=30)
    for moment in sent_at:
        assert sum(moment <= other < moment + HOUR for other in sent_at) <= 10


# --- previews


def test_a_preview_that_could_not_be_delivered_does_not_keep_from_asking_anew(
    year_end, database, join, mail_server, moved_clock
):
    moved_clock.set(2026, 12, 1)
    join("ada")
    person = find(database, "ada")
    assert post.ask_for_preview(database, person)
    assert not post.ask_for_preview(database, person), "it is on its way"
    refuse(mail_server, "550 5.1.1 no such user", "ada")
    year_end.tick()
    assert post.ask_for_preview(database, person)
    with database.read() as session:
        assert session.scalars(select(messages.state)).all() == ["pending"]
