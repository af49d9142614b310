"""Administrators learn of what is wrong: while it lasts on their board, and once by mail."""

from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from sqlalchemy import insert, text

from moodtracker.accounts.people import find
from moodtracker.backups import Backups
from moodtracker.clock_watch import ClockWatch
from moodtracker.mail import post, trouble
from moodtracker.mail.account import AccountMails
from moodtracker.mail.letter import Envelope
from moodtracker.models import SealedYearRow
from moodtracker.pings import Pings, failing
from moodtracker.troubles import Kind, Troubles, lasting
from pages import notices
from support.year_end import BASE_URL, make_outbox

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def admin(join, database):
    """Ada administers; bob does not. Nothing waits to be mailed."""
    ada = join().person
    join("bob")
    with database.write() as session:
        session.execute(text("UPDATE users SET administrator = (username = 'ada')"))
        session.execute(text("DELETE FROM messages"))
    return ada


@pytest.fixture
def watch(database, moved_clock):
    return ClockWatch(database)


@pytest.fixture
def troubles(database, watch):
    return Troubles(database, watch, None, has_mail=True)


@pytest.fixture
def outbox(database, mail_server):
    envelope = Envelope("Moodtracker <mood@example.org>", BASE_URL, 30)
    writers = AccountMails(database, envelope).writers() | trouble.writers(database, envelope)
    return make_outbox(database, mail_server.port, writers=writers)


@pytest.fixture
def pass_time(troubles, outbox, moved_clock):
    """Lets time pass, minute by minute, as the clock of the app does."""

    def pass_(span):
        until = moved_clock.moment + span
        while moved_clock.moment < until:
            troubles.tick()
            outbox.deliver_due()
            moved_clock.moment += MINUTE

    return pass_


def now_wrong(database):
    with database.read() as session:
        return [found.kind for found in lasting(session)]


def hold_a_board(database, person, moment, year=2025):
    with database.write() as session:
        session.execute(
            insert(SealedYearRow).values(
                user_id=person.id,
                year=year,
                zone="UTC",
                moods="[]",
                state="held",
                sealed_at=moment,
                due_at=moment,
                next_try_at=moment,
                message_id=f"<{year}@b>",
            )
        )


def said_in(message):
    return " ".join(message.get_body(["plain"]).get_content().split())


def test_a_trouble_of_the_mail_server_is_mailed_once_by_one_that_works_again(
    pass_time, admin, database, mail_server
):
    with database.write() as session:
        post.ask(session, post.Kind.PASSWORD_CHANGED, "bob@example.org", user_id=admin.id + 1)
    mail_server.behaviour.mail = "451 4.3.0 out of order"
    pass_time(HOUR)
    assert now_wrong(database) == [Kind.MAIL]
    assert mail_server.taken == []
    mail_server.behaviour.mail = None
    pass_time(8 * HOUR)
    assert now_wrong(database) == []
    assert sorted(mail_server.recipients()) == ["ada@example.org", "bob@example.org"]
    words = said_in(dict(mail_server.taken)["ada@example.org"])
    assert "From 24 November 12:0" in words.replace(" at ", " ").replace(", ", " ")
    assert "the mail server took no mails: 451 4.3.0 out of order" in words
    assert "Mails that wait now: 1" in words  # this one
    assert "bob" not in words


def test_a_trouble_that_is_over_in_minutes_is_told_by_no_mail(
    pass_time, admin, database, mail_server
):
    with database.write() as session:
        post.ask(session, post.Kind.PASSWORD_CHANGED, "bob@example.org", user_id=admin.id + 1)
    mail_server.behaviour.mail = "451 4.3.0 out of order"
    pass_time(MINUTE)
    mail_server.behaviour.mail = None
    pass_time(2 * HOUR)
    assert mail_server.recipients() == ["bob@example.org"]


def test_a_doubt_of_the_clock_is_mailed_once_while_it_lasts(
    pass_time, watch, admin, database, mail_server, moved_clock
):
    assert watch.is_believed()
    moved_clock.jump(4 * DAY)
    assert not watch.is_believed()
    pass_time(3 * HOUR)
    assert now_wrong(database) == [Kind.CLOCK]
    ((recipient, message),) = mail_server.taken
    assert recipient == "ada@example.org"
    assert "clock has been in doubt" in said_in(message)
    watch.confirm()
    pass_time(HOUR)
    assert now_wrong(database) == []
    assert len(mail_server.taken) == 1


def test_boards_that_cannot_be_delivered_are_counted_and_told_once(
    pass_time, admin, database, mail_server, moved_clock
):
    hold_a_board(database, admin, moved_clock.now())
    pass_time(HOUR)
    hold_a_board(database, admin, moved_clock.now(), year=2024)
    pass_time(HOUR)
    with database.read() as session:
        (found,) = lasting(session)
    assert (found.kind, found.words) == (Kind.HELD, "2")
    assert len(mail_server.taken) == 1


def test_a_mail_that_does_not_go_out_for_hours_is_a_trouble(troubles, admin, database, moved_clock):
    with database.write() as session:
        post.ask(session, post.Kind.RESET, "ada")
    moved_clock.moment += 7 * HOUR
    troubles.tick()
    assert now_wrong(database) == [Kind.OVERDUE]


def test_backups_that_are_not_made_any_more_are_a_trouble(
    database, watch, admin, moved_clock, tmp_path
):
    troubles = Troubles(database, watch, Backups(tmp_path / "no.db", tmp_path, 7), has_mail=True)
    troubles.tick()
    assert now_wrong(database) == []
    moved_clock.moment += 3 * DAY
    troubles.tick()
    assert now_wrong(database) == [Kind.BACKUP]
    (tmp_path / f"moodtracker-{moved_clock.now():%Y-%m-%d}.db").touch()
    troubles.tick()
    assert now_wrong(database) == []


def test_open_pages_of_administrators_are_told(troubles, admin, live, database, moved_clock):
    told = []
    live.follow(admin.id, lambda: told.append("ada"))
    live.follow(admin.id + 1, lambda: told.append("bob"))
    hold_a_board(database, admin, moved_clock.now())
    for _ in range(2):
        troubles.tick()
    assert told == ["ada"]


def test_the_board_of_everybody_tells_of_a_doubt_and_of_nothing_else(
    troubles, watch, admin, database, moved_clock
):
    watch.is_believed()
    hold_a_board(database, admin, moved_clock.now())
    troubles.tick()

    def cards():
        with database.read() as session:
            found = lasting(session)
        ada, bob = find(database, "ada"), find(database, "bob")
        return notices.card(ada, found), notices.card(bob, ())

    adas, bobs = cards()
    assert "1 finished board could not be delivered" in adas
    assert "hidden" in bobs
    moved_clock.jump(4 * DAY)
    watch.is_believed()
    for card in cards():
        assert "not sure what day it is" in card
    watch.confirm()
    assert "hidden" in cards()[1]


# --- a dead man's switch


class Watcher(BaseHTTPRequestHandler):
    """What stands for Healthchecks."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Be quiet."""


@pytest.fixture
def watcher():
    server = HTTPServer(("127.0.0.1", 0), Watcher)
    server.asked = []
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_who_watches_from_elsewhere_hears_that_all_is_well_and_that_it_is_not(watcher):
    wrong = []
    pings = Pings(f"http://127.0.0.1:{watcher.server_port}/some-uuid?a=b", lambda: not wrong)
    pings.ping()
    wrong.append(1)
    pings.ping()
    assert watcher.asked == ["/some-uuid?a=b", "/some-uuid/fail?a=b"]


def test_a_ping_that_nobody_hears_is_one_line_without_its_address(watcher, caplog):
    pings = Pings(f"http://127.0.0.1:{watcher.server_port}/secret", lambda: True)
    watcher.shutdown()
    watcher.server_close()
    for _ in range(3):
        pings.ping()
    ours = [record for record in caplog.records if record.name == "moodtracker.pings"]
    assert len(ours) == 1
    assert "secret" not in ours[0].getMessage()


def test_what_is_wrong_goes_to_the_address_of_failing():
    assert failing("https://hc-ping.com/a/") == "https://hc-ping.com/a/fail"
