"""A reminder: at the person's own hour, on a day without a mood, once, and never unasked."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from moodtracker import days
from moodtracker.accounts import sessions
from moodtracker.mail import reminder, wishes
from moodtracker.mail.letter import Envelope
from moodtracker.mail.unsubscribe import REMINDER, Unsubscribing
from moodtracker.models import UserRow, users
from moodtracker.moods import Mood
from moodtracker.preferences import Preferences
from moodtracker.reminding import Reminding, due_at
from moodtracker.secret import Secret
from support.year_end import BASE_URL, make_outbox

UNSUBSCRIBING = Unsubscribing(Secret("a secret of the tests"), BASE_URL)


@pytest.fixture
def reminded(database, join, moved_clock):
    """Somebody who wants to be reminded at 20:00 in Berlin; it is noon of 24 November."""
    who = join("ada", "Europe/Berlin")
    Preferences(database).set_reminder(who, {"reminder": "on", "reminder_at": "20:00"})
    return who


@pytest.fixture
def deliver(database, mail_server):
    """Lets the worker look once, and sends what is due."""
    envelope = Envelope("Moodtracker <mood@example.org>", BASE_URL, 30)
    writers = reminder.writers(database, envelope, UNSUBSCRIBING)
    outbox = make_outbox(database, mail_server.port, writers=writers)

    def once():
        Reminding(database).tick()
        outbox.deliver_due()
        return len(mail_server.taken)

    return once


@pytest.fixture
def mail(deliver, reminded, moved_clock, mail_server):
    moved_clock.set(2026, 11, 24, 19)
    deliver()
    ((address, message),) = mail_server.taken
    assert address == "ada@example.org"
    return message


def text_of(message):
    return re.sub(r"\s+", " ", message.get_body(["plain"]).get_content())


def set_row(database, who, **values):
    with database.write() as session:
        session.execute(update(UserRow).where(users.id == who.person.id).values(**values))


def test_nobody_is_reminded_who_has_not_asked_for_it(join, deliver, moved_clock):
    join("ada", "Europe/Berlin")
    moved_clock.set(2026, 11, 24, 19)
    assert deliver() == 0


def test_it_comes_at_the_person_s_own_hour_and_once_a_day(reminded, deliver, moved_clock):
    moved_clock.set(2026, 11, 24, 18, 59)
    assert deliver() == 0
    moved_clock.set(2026, 11, 24, 19)
    assert deliver() == 1
    moved_clock.set(2026, 11, 24, 19, 1)
    assert deliver() == 1
    moved_clock.set(2026, 11, 25, 19)
    assert deliver() == 2


def test_a_day_with_a_mood_needs_none(reminded, diary, deliver, moved_clock):
    diary.record(reminded, date(2026, 11, 24), Mood.GOOD, "tap00001")
    moved_clock.set(2026, 11, 24, 19)
    assert deliver() == 0


def test_a_mood_told_while_the_mail_waits_makes_it_superfluous(
    reminded, diary, database, deliver, moved_clock
):
    moved_clock.set(2026, 11, 24, 19)
    Reminding(database).tick()
    diary.record(reminded, date(2026, 11, 24), Mood.GOOD, "tap00001")
    assert deliver() == 0


def test_a_mail_that_waited_into_the_next_day_is_dropped(reminded, database, deliver, moved_clock):
    set_row(database, reminded, reminder_at=time(23, 50))
    moved_clock.set(2026, 11, 24, 22, 55)
    Reminding(database).tick()
    moved_clock.set(2026, 11, 24, 23, 5)
    assert deliver() == 0


def test_any_number_of_workers_send_one(reminded, database, deliver, moved_clock):
    moved_clock.set(2026, 11, 24, 19)
    with ThreadPoolExecutor(6) as workers:
        list(workers.map(lambda _: Reminding(database).tick(), range(6)))
    assert deliver() == 1


def test_a_worker_that_was_away_makes_up_for_an_hour_and_no_more(reminded, deliver, moved_clock):
    moved_clock.set(2026, 11, 24, 20)
    assert deliver() == 0
    moved_clock.set(2026, 11, 25, 19, 59)
    assert deliver() == 1


def test_who_has_stopped_coming_is_left_alone(reminded, database, deliver, moved_clock):
    moved_clock.moment += timedelta(days=30, hours=7)
    assert deliver() == 0
    sessions.open_session(database, reminded.person.id)
    assert deliver() == 1


def test_who_comes_by_with_an_old_session_has_come(reminded, database, deliver, moved_clock):
    cookie = sessions.open_session(database, reminded.person.id)
    moved_clock.moment += timedelta(days=29)
    sessions.find(database, cookie)
    moved_clock.moment += timedelta(days=29, hours=7)
    assert deliver() == 1


@pytest.mark.parametrize(
    "row",
    [
        {"email_verified_at": None},
        {"disabled_at": datetime(2026, 11, 24, tzinfo=UTC)},
        {"reminder": False},
    ],
)
def test_without_address_or_account_or_wish_there_is_none(
    reminded, database, deliver, moved_clock, row
):
    set_row(database, reminded, **row)
    moved_clock.set(2026, 11, 24, 19)
    assert deliver() == 0


def test_an_hour_after_midnight_belongs_to_the_evening_before(
    reminded, database, deliver, moved_clock
):
    set_row(database, reminded, day_end_hour=3, reminder_at=time(1))
    moved_clock.set(2026, 11, 25, 0, 0)  # 01:00 in Berlin, where it is still 24 November
    assert deliver() == 1
    moved_clock.set(2026, 11, 25, 0, 30)
    assert deliver() == 1


@pytest.mark.parametrize(
    ("day", "moments"),
    [
        (date(2026, 3, 29), [datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]),  # the clocks skip 02:30
        (
            date(2026, 10, 25),  # they show 02:30 twice
            [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)],
        ),
    ],
)
def test_when_the_clocks_change_there_is_still_one(
    reminded, database, deliver, moved_clock, day, moments
):
    set_row(database, reminded, reminder_at=time(2, 30), visited_at=moments[0])
    for moment in moments:
        moved_clock.moment = moment
        assert deliver() == 1


@given(
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    at=st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    zone=st.sampled_from(sorted(days.zone_names())),
    day_end_hour=st.integers(0, 5),
)
def test_the_hour_lies_within_its_day(day, at, zone, day_end_hour):
    moment = due_at(day, at, zone, day_end_hour)
    assert abs(days.begins_at(day, zone, day_end_hour) - moment) < timedelta(hours=26)
    assert moment >= days.begins_at(day, zone, day_end_hour) - timedelta(hours=1)


def test_each_face_leads_to_the_board_with_its_mood_and_its_day(mail):
    links = re.findall(r"/\?mood=(\d)&amp;day=([\d-]+)", mail.get_body(["html"]).get_content())
    assert links == [(str(int(mood)), "2026-11-24") for mood in Mood]
    for mood in Mood:
        assert f"{BASE_URL}/?mood={int(mood)}&day=2026-11-24" in text_of(mail)
    assert mail["Subject"] == "How is Tuesday going?"


def test_its_pictures_are_faces_that_come_along(mail):
    html = mail.get_body(["html"]).get_content()
    shown = re.findall(r'src="cid:([^"]+)"', html)
    brought = [part["Content-ID"].strip("<>") for part in mail.walk() if part["Content-ID"]]
    assert len(shown) == 5
    assert shown == brought
    assert "http" not in html.replace(BASE_URL, "")


def test_one_click_stops_it_and_nothing_else(mail, reminded, database, deliver, moved_clock):
    address = mail["List-Unsubscribe"].strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address == UNSUBSCRIBING.address(reminded.person.id, REMINDER)
    token = re.search("of=([^&]+)&mails=reminder$", address)[1]
    assert UNSUBSCRIBING.person(token, REMINDER) == reminded.person.id
    assert UNSUBSCRIBING.person(token) is None
    assert UNSUBSCRIBING.person(token, "all") is None
    wishes.stop_reminders(database, reminded.person.id)
    moved_clock.set(2026, 11, 25, 19)
    assert deliver() == 1


def test_it_is_written_in_the_person_s_language(
    reminded, database, deliver, moved_clock, mail_server
):
    set_row(database, reminded, language="de")
    moved_clock.set(2026, 11, 24, 19)
    deliver()
    ((_, message),) = mail_server.taken
    assert message["Subject"] == "Wie läuft dein Dienstag?"
    assert '<html lang="de" dir="ltr">' in message.get_body(["html"]).get_content()


def test_one_person_whose_zone_is_unknown_or_whose_record_is_damaged_stops_nobody_elses_reminder(
    deliver, reminded, database, join, live, moved_clock, mail_server
):
    for name in ("bob", "cy"):
        who = join(name, "Europe/Berlin")
        Preferences(database).set_reminder(who, {"reminder": "on", "reminder_at": "20:00"})
    with database.write() as session:
        session.execute(text("UPDATE users SET zone = 'Mars/Olympus' WHERE username = 'bob'"))
        if database.is_sqlite:  # by a version that let it
            session.execute(text("PRAGMA ignore_check_constraints = ON"))
            session.execute(text("UPDATE users SET latest_day = 'x' WHERE username = 'cy'"))
            session.execute(text("PRAGMA ignore_check_constraints = OFF"))
    moved_clock.set(2026, 11, 24, 19)
    deliver()
    assert "ada@example.org" in mail_server.recipients()
    assert "bob@example.org" not in mail_server.recipients()
