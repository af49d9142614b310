"""Nobody can fill somebody else's mailbox, nor use up what its owner waits for."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from moodtracker.accounts import administering, new_password
from moodtracker.accounts.throttling import Throttle
from moodtracker.mail import post, recipients, rehearsal
from moodtracker.mail.account import AccountMails
from moodtracker.mail.letter import Envelope
from moodtracker.mail.post import Kind
from moodtracker.mail.recipients import Recipients
from moodtracker.secret import Secret
from support.year_end import BASE_URL, SECRET_KEY, make_outbox

ENVELOPE = Envelope("Moodtracker <mood@example.org>", BASE_URL, 30)
SECRET = Secret(SECRET_KEY)
VARIANTS = ["ada@example.org", "ADA@example.org", "a.d.a@example.org", "ada+{n}@example.org"]


@pytest.fixture
def outbox(database, mail_server, moved_clock):
    return outbox_of(database, mail_server)


def outbox_of(database, mail_server, limit=None):
    writers = AccountMails(database, ENVELOPE).writers() | rehearsal.writers(database, ENVELOPE)
    return make_outbox(database, mail_server.port, writers=writers, limit=limit)


@pytest.fixture
def ask_for_links(database, moved_clock):
    """Has a link to a new password asked for, again and again."""

    def ask(times, typed="ada", known=()):
        throttle = Throttle(database, SECRET)
        for _ in range(times):
            moved_clock.moment += timedelta(minutes=16)
            new_password.ask_for_link(database, throttle, typed, known=known)

    return ask


def claim(database, times, first=0):
    """Strangers name the address as theirs: each writes it in another way."""
    with database.write() as session:
        for number in range(first, first + times):
            email = VARIANTS[number % len(VARIANTS)].format(n=number)
            row = text(
                "INSERT INTO users (username, email, first_name, last_name, zone, created_at)"
                " VALUES (:name, :email, 'Eve', '', 'UTC', '2026-01-01 00:00:00') RETURNING id"
            )
            user_id = session.scalar(row, {"name": f"eve{number}", "email": email.lower()})
            kind = Kind.JOIN if number % 2 else Kind.VERIFY
            post.ask(session, kind, email.lower(), user_id=user_id)


def subjects(mail_server):
    return [message["Subject"] for _, message in mail_server.taken]


def test_an_address_that_strangers_name_gets_a_handful_of_mails_a_day(
    database, outbox, mail_server
):
    claim(database, 60)
    outbox.deliver_due()
    assert len(mail_server.taken) == 4
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM messages")) == 0


def test_tomorrow_is_another_day(database, outbox, mail_server, moved_clock):
    claim(database, 10)
    outbox.deliver_due()
    moved_clock.moment += timedelta(days=1)
    claim(database, 10, first=10)
    outbox.deliver_due()
    assert len(mail_server.taken) == 8


def test_links_to_a_new_password_come_after_strangers_named_the_address(
    database, join, outbox, mail_server, ask_for_links
):
    join("ada")
    claim(database, 60)
    outbox.deliver_due()
    ask_for_links(2)
    outbox.deliver_due()
    assert subjects(mail_server)[4:] == ["Choose a new password"] * 2


def test_links_by_name_and_by_address_are_counted_together_and_with_the_rest(
    database, join, outbox, mail_server, ask_for_links
):
    join("ada")
    for typed in ("ada", "ada@example.org", "ADA", "\uff41da@example.org"):
        for _ in range(5):
            ask_for_links(1, typed)
            outbox.deliver_due()
    claim(database, 5)
    outbox.deliver_due()
    assert subjects(mail_server) == ["Choose a new password"] * 6


def test_strangers_do_not_use_up_what_somebody_asks_for_in_their_own_browser(
    database, join, outbox, mail_server, ask_for_links
):
    ada = join("ada").person
    ask_for_links(20)
    outbox.deliver_due()
    before = len(mail_server.taken)
    ask_for_links(1, known=[ada.id])
    outbox.deliver_due()
    assert len(mail_server.taken) == before + 1


def test_a_browser_that_knows_somebody_else_asks_as_a_stranger(
    database, join, outbox, mail_server, ask_for_links
):
    join("ada")
    bob = join("bob").person
    for _ in range(12):
        ask_for_links(1, known=[bob.id])
        outbox.deliver_due()
    assert len(mail_server.taken) == 6


def test_an_administrator_has_a_link_sent_whatever_strangers_asked_for(
    database, join, outbox, mail_server, ask_for_links
):
    ada, boss = join("ada").person, join("boss").person
    with database.write() as session:
        session.execute(text("UPDATE users SET administrator = true WHERE username = 'boss'"))
    for _ in range(8):
        ask_for_links(1)
        outbox.deliver_due()
    administering.send_link(database, ada.id, boss.id)
    outbox.deliver_due()
    assert len(mail_server.taken) == 7


def test_a_year_so_far_is_sent_a_few_times_a_day(database, join, outbox, mail_server):
    ada = join("ada").person
    for _ in range(10):
        post.ask_for_preview(database, ada)
        outbox.deliver_due()
    assert len(mail_server.taken) == 4


def test_what_tells_of_a_change_always_comes(database, join, outbox, mail_server):
    ada = join("ada").person
    claim(database, 10)
    outbox.deliver_due()
    with database.write() as session:
        for _ in range(10):
            post.ask(session, Kind.PASSWORD_CHANGED, "ada@example.org", user_id=ada.id)
    outbox.deliver_due()
    assert subjects(mail_server).count("Your password was changed") == 10


def test_a_mail_that_was_not_taken_is_not_counted(database, outbox, mail_server, moved_clock):
    mail_server.behaviour.rcpt["ada@example.org"] = ["451 4.7.1 come back later"] * 6
    with database.write() as session:
        post.ask(session, Kind.RESET, "nobody")
    claim(database, 1)
    for _ in range(8):
        outbox.deliver_due()
        moved_clock.moment += timedelta(hours=2)
    assert mail_server.recipients() == ["ada@example.org"]


def test_mails_that_are_dropped_use_up_nothing_of_the_hourly_limit(
    database, join, mail_server, moved_clock
):
    outbox = outbox_of(database, mail_server, limit=10)
    claim(database, 60)
    outbox.deliver_due()
    assert len(mail_server.taken) == 4
    names = [join(name).person.username for name in ("bob", "eve", "kim")]
    with database.write() as session:
        for name in names:
            post.ask(session, Kind.RESET, name)
    outbox.deliver_due()
    assert len(mail_server.taken) == 7


def test_a_count_tells_of_no_address_and_is_gone_the_day_after(
    database, outbox, mail_server, moved_clock
):
    claim(database, 3)
    outbox.deliver_due()
    with database.read() as session:
        (row,) = session.execute(text("SELECT key, mails FROM recipients")).all()
    assert row.mails == 3
    assert "ada" not in row.key
    moved_clock.moment += timedelta(days=1)
    recipients.forget_old(database)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM recipients")) == 0


def test_a_count_of_a_clock_that_ran_ahead_shuts_nobody_out(
    database, outbox, mail_server, moved_clock
):
    moved_clock.jump(timedelta(days=300))
    claim(database, 5)
    outbox.deliver_due()
    moved_clock.jump(-timedelta(days=300))
    counts = Recipients(SECRET)
    with database.read() as session:
        assert not counts.has_enough(session, Kind.RESET, "ada@example.org")


def join_from(database, network, times, first=0):
    """Newcomers at a domain of which every address leads to one mailbox."""
    with database.write() as session:
        for number in range(first, first + times):
            email = f"any{number}@victim.example"
            row = text(
                "INSERT INTO users (username, email, first_name, last_name, zone, created_at)"
                " VALUES (:name, :email, 'Eve', '', 'UTC', '2026-01-01 00:00:00') RETURNING id"
            )
            user_id = session.scalar(row, {"name": f"any{number}", "email": email})
            post.ask(session, Kind.JOIN, email, user_id=user_id, asked_from=network)


def test_one_network_has_a_class_of_a_school_written_to_and_no_more(
    database, outbox, mail_server, moved_clock
):
    join_from(database, "198.51.100.7", 40)
    outbox.deliver_due()
    assert len(mail_server.taken) == 30
    join_from(database, "198.51.100.8", 1, first=40)
    outbox.deliver_due()
    assert len(mail_server.taken) == 31
    moved_clock.moment += timedelta(days=1)
    join_from(database, "198.51.100.7", 1, first=41)
    outbox.deliver_due()
    assert len(mail_server.taken) == 32


def test_addresses_of_one_ipv6_network_are_one(database, outbox, mail_server):
    for number in range(40):
        join_from(database, f"2001:db8::{number + 1:x}", 1, first=number)
    outbox.deliver_due()
    assert len(mail_server.taken) == 30


def test_what_the_operator_makes_is_not_counted_by_network(database, outbox, mail_server):
    join_from(database, "", 40)
    outbox.deliver_due()
    assert len(mail_server.taken) == 40
