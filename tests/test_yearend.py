import io
from datetime import UTC, date, datetime, time, timedelta

import pytest
from PIL import Image
from sqlalchemy import text

from moodtracker import export
from moodtracker.accounts import audit, sessions
from moodtracker.accounts.people import find
from moodtracker.board import Board
from moodtracker.clock_watch import ClockWatch
from moodtracker.drawing import layout
from moodtracker.moods import Mood
from moodtracker.preferences import Preferences
from support.addresses import verify_address
from support.year_end import KEEP, make_closed_years
from support.year_end import make_year_end as year_end_of

pytestmark = pytest.mark.splits

NEW_YEARS_EVE = date(2026, 12, 31)


@pytest.fixture
def make_year_end(database, mail_server):
    def make(**more):
        return year_end_of(database, mail_server.port, **more)

    return make


@pytest.fixture
def year_end(make_year_end):
    return make_year_end()


@pytest.fixture
def closed_years(database):
    return make_closed_years(database)


@pytest.fixture
def write_moods(diary, moved_clock):
    """Writes moods on some days of 2026 by moving the clock there, as a person would."""

    def write(who, days=(date(2026, 1, 1), date(2026, 6, 15), NEW_YEARS_EVE)):
        for number, day in enumerate(days):
            moved_clock.moment = datetime.combine(day, time(12), UTC)
            diary.record(who, day, Mood(number % 5 + 1), f"tap{day:%Y%m%d}")
        return list(days)

    return write


def rows(database, table="entries"):
    with database.read() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}"))


def sealed(database):
    with database.read() as session:
        return session.execute(text("SELECT * FROM sealed_years ORDER BY user_id, year")).all()


def test_nothing_is_sealed_while_the_year_lasts(year_end, join, write_moods, database, moved_clock):
    write_moods(join())
    moved_clock.set(2026, 12, 31, 23, 59, 59)
    year_end.tick()
    assert rows(database) == 3
    assert rows(database, "sealed_years") == 0


def test_at_the_end_of_the_year_its_moods_move_into_one_sealed_record(
    closed_years, year_end, join, write_moods, database, diary, moved_clock
):
    ada = join()
    before = diary.read(ada)
    write_moods(ada)
    moved_clock.set(2026, 12, 31, 23, 59, 59)
    before = diary.read(ada)
    moved_clock.set(2027, 1, 1, 0, 0)
    year_end.tick()
    assert rows(database) == 0
    assert diary.read(ada).entries == ()
    assert closed_years.of(ada.person).state == "pending"
    closed = closed_years.board(ada.person, 2026)
    assert [entry[:4] for entry in closed.entries] == [entry[:4] for entry in before.entries]


def test_each_persons_year_ends_at_their_own_midnight(year_end, join, diary, database, moved_clock):
    zones = {
        "kiri": ("Pacific/Kiritimati", (2026, 12, 31, 10, 0)),
        "utc": ("UTC", (2027, 1, 1, 0, 0)),
        "lana": ("America/Los_Angeles", (2027, 1, 1, 8, 0)),
    }
    people = {name: join(name, zone) for name, (zone, _) in zones.items()}
    moved_clock.set(2026, 12, 31, 9, 0)
    for who in people.values():
        diary.record(who, diary.read(who).today, Mood.GOOD, "tap00001")
    ended = []
    for name, (_, moment) in zones.items():
        moved_clock.set(*moment)
        moved_clock.moment -= timedelta(seconds=1)
        year_end.tick()
        assert [row.user_id for row in sealed(database)] == ended
        moved_clock.set(*moment)
        year_end.tick()
        ended.append(people[name].person.id)
        assert [row.user_id for row in sealed(database)] == ended


def test_the_mail_is_due_at_nine_of_the_persons_own_first_of_january(
    year_end, join, write_moods, mail_server, moved_clock
):
    write_moods(join("ada", "Europe/Berlin"))
    moved_clock.set(2027, 1, 1, 7, 59)
    year_end.tick()
    assert mail_server.taken == []
    moved_clock.set(2027, 1, 1, 8, 0)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


def test_the_mail_holds_the_year_that_ended_as_picture_and_table(
    year_end, join, write_moods, mail_server, diary, moved_clock
):
    ada = join()
    days = write_moods(ada)
    moved_clock.set(2026, 12, 31, 23)
    finished = diary.read(ada)
    moved_clock.set(2027, 1, 1, 0, 1)
    diary.record(ada, date(2027, 1, 1), Mood.AWFUL, "tapinnewyear")
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()

    ((_, message),) = mail_server.taken
    assert message["Subject"] == "Your 2026 in moods"
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert len(pictures) == 2
    for part in pictures:
        picture = Image.open(io.BytesIO(part.get_content())).convert("RGB")
        for number, day in enumerate(days):
            box = layout.square(day)
            colour = picture.getpixel(((box.left + box.right) // 2, (box.top + box.bottom) // 2))
            assert "#{:02x}{:02x}{:02x}".format(*colour) == Mood(number % 5 + 1).light
    (table,) = [part for part in message.walk() if part.get_content_type() == "text/csv"]
    closed = Board(2026, "UTC", finished.entries)
    written = export.as_csv(closed, has_notes=False)
    assert table.get_content().replace("\r\n", "\n") == written.replace("\r\n", "\n")
    assert [entry.mood for entry in diary.read(ada).entries] == [Mood.AWFUL]


def test_a_person_gets_exactly_one_mail_however_often_the_clock_ticks(
    year_end, make_year_end, join, write_moods, mail_server, moved_clock
):
    write_moods(join())
    other_worker = make_year_end()
    moved_clock.set(2027, 1, 1, 9)
    for _ in range(20):
        year_end.tick()
        other_worker.tick()
        moved_clock.moment += timedelta(days=1)
    assert mail_server.recipients() == ["ada@example.org"]


def test_the_sealed_year_is_erased_thirty_days_after_the_mail_was_taken(
    closed_years, year_end, join, write_moods, database, moved_clock
):
    ada = join()
    write_moods(ada)
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert closed_years.of(ada.person).erased_from == moved_clock.now() + KEEP
    moved_clock.moment += KEEP - timedelta(seconds=1)
    year_end.tick()
    assert sealed(database)[0].moods is not None
    moved_clock.moment += timedelta(seconds=1)
    year_end.tick()
    (row,) = sealed(database)
    assert row.moods is None
    assert closed_years.of(ada.person) is None
    assert year_end.status().erased == 1


def test_with_no_days_to_keep_it_is_erased_once_the_mail_was_taken(
    make_year_end, join, write_moods, database, mail_server, moved_clock
):
    write_moods(join())
    year_end = make_year_end(mail_at=time(0), keep=timedelta(0))
    mail_server.behaviour.data = ["451 4.3.0 try later"]
    moved_clock.set(2027, 1, 1, 0, 0)
    year_end.tick()
    assert sealed(database)[0].moods is not None
    moved_clock.set(2027, 1, 1, 0, 10)
    year_end.tick()
    assert len(mail_server.taken) == 1
    assert sealed(database)[0].moods is None


def test_a_machine_that_was_off_over_new_year_catches_up(
    year_end, join, write_moods, mail_server, moved_clock
):
    write_moods(join())
    moved_clock.set(2027, 3, 14, 15, 9)
    year_end.tick()
    ((_, message),) = mail_server.taken
    assert message["Subject"] == "Your 2026 in moods"


def test_a_machine_that_was_off_over_two_new_years_closes_each_of_them_once(
    year_end, join, write_moods, mail_server, database, diary, moved_clock
):
    ada = join()
    write_moods(ada)
    moved_clock.set(2027, 5, 5, 12)
    ada = sessions.find(database, sessions.open_session(database, ada.person.id))
    diary.record(ada, date(2027, 5, 5), Mood.GOOD, "tap2027")
    moved_clock.set(2028, 2, 1)
    year_end.tick()
    assert [row.year for row in sealed(database)] == [2026, 2027]
    assert sorted(message["Subject"] for _, message in mail_server.taken) == [
        "Your 2026 in moods",
        "Your 2027 in moods",
    ]


def test_a_year_in_which_everything_was_taken_back_is_closed_without_a_mail(
    year_end, join, diary, mail_server, database, moved_clock
):
    ada = join()
    moved_clock.set(2026, 12, 31, 12)
    diary.record(ada, NEW_YEARS_EVE, Mood.GOOD, "tap00001")
    diary.take_back(ada, NEW_YEARS_EVE, "tap00001", "back0001")
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert [row.state for row in sealed(database)] == ["empty"]
    assert mail_server.taken == []


def test_somebody_who_wants_no_mail_gets_none_and_keeps_the_year(
    closed_years, year_end, join, write_moods, database, mail_server, moved_clock
):
    ada = join()
    write_moods(ada)
    with database.write() as session:
        session.execute(text("UPDATE users SET year_end_mail = false"))
    moved_clock.set(2027, 3, 1)
    year_end.tick()
    assert mail_server.taken == []
    assert closed_years.of(ada.person).state == "opted_out"


def test_after_the_close_a_move_west_does_not_reopen_the_old_year(
    year_end, join, write_moods, database, diary, moved_clock
):
    ada = join("ada", "Pacific/Kiritimati")
    moved_clock.set(2026, 12, 31, 9)
    diary.record(ada, NEW_YEARS_EVE, Mood.GOOD, "tap00001")
    moved_clock.set(2026, 12, 31, 10)
    year_end.tick()
    with database.write() as session:
        session.execute(text("UPDATE users SET zone = 'Pacific/Pago_Pago'"))
    assert diary.read(ada).today == date(2027, 1, 1)
    assert find(database, "ada").today == date(2027, 1, 1)


def test_a_year_of_one_day_on_which_its_person_had_moved_is_closed(
    year_end, join, diary, database, moved_clock
):
    moved_clock.set(2026, 12, 31, 12)
    ada = join()
    Preferences(database).set_day(ada, {"zone": "Europe/Lisbon", "day_end_hour": "0"})
    diary.record(ada, NEW_YEARS_EVE, Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    assert [row.year for row in sealed(database)] == [2026]


def test_a_year_of_one_day_which_is_the_first_is_closed(
    year_end, join, diary, database, moved_clock
):
    moved_clock.set(2026, 12, 31, 12)
    ada = join()
    diary.record(ada, NEW_YEARS_EVE, Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    diary.record(ada, date(2027, 1, 1), Mood.GOOD, "tap00002")
    moved_clock.set(2028, 1, 1)
    year_end.tick()
    assert [row.year for row in sealed(database)] == [2026, 2027]


def test_an_open_page_is_told_when_its_year_is_sealed(
    year_end, join, write_moods, live, moved_clock
):
    ada = join()
    write_moods(ada)
    told = []
    live.follow(ada.person.id, lambda: told.append(True))
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    assert told == [True]


def test_without_a_mail_server_years_are_sealed_and_nothing_is_erased(
    closed_years, database, join, write_moods, moved_clock
):
    ada = join()
    write_moods(ada)
    year_end = year_end_of(database, None, keep=timedelta(0))
    moved_clock.set(2027, 6, 1)
    year_end.tick()
    assert closed_years.of(ada.person).state == "pending"
    assert len(closed_years.board(ada.person, 2026).entries) == 3


def test_one_persons_broken_zone_does_not_keep_the_others_years_open(
    year_end, join, write_moods, database, mail_server, moved_clock
):
    ada, bob = join("ada"), join("bob")
    write_moods(ada)
    write_moods(bob)
    with database.write() as session:
        session.execute(text("UPDATE users SET zone = 'Mars/Olympus' WHERE username = 'ada'"))
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert mail_server.recipients() == ["bob@example.org"]


def test_nothing_of_an_erased_year_is_left_in_the_database_file(
    make_year_end, join, diary, database, moved_clock, tmp_path
):
    if not database.is_sqlite:
        return  # on PostgreSQL it is VACUUM's business
    ada = join()
    moved_clock.set(2026, 12, 31, 12)
    diary.record(ada, NEW_YEARS_EVE, Mood.GOOD, "tap00001")
    needle = moved_clock.now().isoformat().encode()
    moved_clock.set(2027, 1, 1)
    year_end = make_year_end(mail_at=time(9))
    year_end.tick()
    database.forget_deleted()
    assert needle in (tmp_path / "moodtracker.db").read_bytes()
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    moved_clock.moment += KEEP
    year_end.tick()
    for file in tmp_path.glob("moodtracker.db*"):
        assert needle not in file.read_bytes()


def test_a_year_that_a_move_keeps_open_closes_and_is_mailed_when_that_is_over(
    year_end, join, write_moods, mail_server, database, moved_clock, closed_years
):
    """Y7: who moves east on the last day has the old end, or 24 hours."""
    ada = join()
    write_moods(ada, days=(date(2026, 12, 31),))
    with database.write() as session:
        session.execute(
            text("UPDATE users SET zone = 'Pacific/Kiritimati', year_open_until = :until"),
            {"until": datetime(2027, 1, 1, 11, tzinfo=UTC)},
        )
    moved_clock.set(2027, 1, 1, 10, 59, 59)
    assert year_end.status().next_close_at == datetime(2027, 1, 1, 11, tzinfo=UTC)
    year_end.tick()
    assert closed_years.of(ada.person) is None
    moved_clock.set(2027, 1, 1, 11)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


# --- wishes (Y4)


def say(database, **values):
    """Change something about ada, as her settings would."""
    with database.write() as session:
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        session.execute(text(f"UPDATE users SET {assignments} WHERE username = 'ada'"), values)


def test_an_address_verified_on_the_fifth_of_january_gets_the_board(
    year_end, join, write_moods, mail_server, database, moved_clock, closed_years
):
    ada = join(verified=False)
    write_moods(ada)
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert closed_years.of(ada.person).state == "no_address"
    moved_clock.set(2027, 1, 5)
    verify_address(database, "ada")
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]
    assert closed_years.of(ada.person).state == "sent"


def test_consent_given_late_sends_the_board_and_consent_taken_back_keeps_it(
    year_end, join, write_moods, mail_server, database, moved_clock, closed_years
):
    ada = join()
    write_moods(ada)
    moved_clock.set(2027, 1, 1, 1)
    year_end.tick()
    say(database, year_end_mail=False)
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert closed_years.of(ada.person).state == "opted_out"
    assert mail_server.taken == []
    say(database, year_end_mail=True)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


def test_another_address_gets_what_the_old_one_refused_and_the_same_one_does_not(
    year_end, join, write_moods, mail_server, database, moved_clock, closed_years
):
    ada = join()
    write_moods(ada)
    mail_server.behaviour.rcpt["ada@example.org"] = "550 5.1.1 no such person"
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert closed_years.of(ada.person).state == "held"
    assert "5.1.1" in closed_years.of(ada.person).reason
    moved_clock.moment += timedelta(days=1)
    year_end.tick()
    assert mail_server.connections == 1
    say(database, email="lovelace@example.org")
    year_end.tick()
    assert mail_server.recipients() == ["lovelace@example.org"]


def test_an_address_changed_between_two_tries_gets_the_second(
    year_end, join, write_moods, mail_server, database, moved_clock
):
    write_moods(join())
    mail_server.behaviour.rcpt["ada@example.org"] = "450 4.2.1 busy"
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    say(database, email="lovelace@example.org")
    moved_clock.moment += timedelta(minutes=2)
    year_end.tick()
    assert mail_server.recipients() == ["lovelace@example.org"]


@pytest.mark.parametrize("leave", ["DELETE FROM users", "UPDATE users SET year_end_mail = false"])
def test_who_leaves_or_opts_out_while_others_are_mailed_gets_nothing(
    year_end, join, write_moods, mail_server, database, moved_clock, leave
):
    for name in ("ada", "bob"):
        write_moods(join(name), days=(NEW_YEARS_EVE,))
    moved_clock.set(2027, 1, 1, 9)

    def second_goes() -> None:
        with database.write() as session:
            session.execute(text(f"{leave} WHERE username = 'bob'"))

    mail_server.behaviour.before_taking = second_goes
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


def test_who_leaves_while_their_own_mail_is_under_way_leaves_nothing_behind(
    year_end, join, write_moods, mail_server, database, moved_clock
):
    write_moods(join())
    moved_clock.set(2027, 1, 1, 9)

    def go() -> None:
        with database.write() as session:
            session.execute(text("DELETE FROM users"))

    mail_server.behaviour.before_taking = go
    year_end.tick()
    assert sealed(database) == []


# --- what cannot be delivered (Y5)


def test_what_cannot_be_mailed_stays_until_it_was_downloaded_a_while_ago(
    year_end, join, write_moods, database, moved_clock, closed_years
):
    ada = join(verified=False)
    write_moods(ada)
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    moved_clock.set(2027, 11, 1)
    year_end.tick()
    assert closed_years.of(ada.person).erased_from is None
    closed_years.note_download(ada.person, 2026)
    assert closed_years.of(ada.person).erased_from == moved_clock.now() + KEEP
    moved_clock.moment += KEEP - timedelta(seconds=1)
    year_end.tick()
    assert closed_years.board(ada.person, 2026) is not None
    moved_clock.moment += timedelta(seconds=1)
    year_end.tick()
    assert closed_years.of(ada.person) is None


def test_a_download_does_not_keep_a_board_from_being_mailed(
    year_end, join, write_moods, mail_server, moved_clock, closed_years
):
    ada = join()
    write_moods(ada)
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    closed_years.note_download(ada.person, 2026)
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


def test_the_server_holds_at_most_one_sealed_year(
    year_end, join, write_moods, database, diary, moved_clock, closed_years
):
    ada = join(verified=False)
    write_moods(ada)
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    moved_clock.set(2027, 5, 5, 12)
    again = sessions.find(database, sessions.open_session(database, ada.person.id))
    diary.record(again, date(2027, 5, 5), Mood.GOOD, "tap2027")
    moved_clock.set(2027, 12, 31, 23)
    year_end.tick()
    assert closed_years.board(ada.person, 2026) is not None
    moved_clock.set(2028, 1, 1)
    year_end.tick()
    assert [row.year for row in sealed(database) if row.moods] == [2027]


def test_a_person_can_erase_their_closed_year_at_once_and_is_not_mailed_it(
    year_end, join, write_moods, mail_server, database, moved_clock, closed_years
):
    ada = join()
    write_moods(ada)
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    for _ in range(2):
        closed_years.erase(ada.person, 2026)
    assert closed_years.of(ada.person) is None
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert mail_server.taken == []
    assert [row.moods for row in sealed(database)] == [None]


def test_an_erased_year_and_the_line_about_it_are_written_together_or_not_at_all(
    year_end, join, write_moods, database, moved_clock, closed_years, monkeypatch
):
    ada = join()
    write_moods(ada)
    moved_clock.set(2027, 1, 1)
    year_end.tick()

    def no_line(*_args, **_more):
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(audit, "note", no_line)
        with pytest.raises(OSError, match="full"):
            closed_years.erase(ada.person, 2026)
    assert closed_years.board(ada.person, 2026) is not None
    for _ in range(2):
        closed_years.erase(ada.person, 2026, "192.0.2.1")
    lines = [line for line in audit.of(database, ada.person.id) if line.event == "erased"]
    assert [(line.detail, line.address) for line in lines] == [("2026", "192.0.2.1")]


def test_a_year_that_is_not_there_is_not_said_to_be_erased(database, join, closed_years):
    ada = join()
    closed_years.erase(ada.person, 1999)
    assert "erased" not in [line.event for line in audit.of(database, ada.person.id)]


def test_nothing_of_a_year_that_its_person_erased_is_left_in_the_database_file(
    year_end, join, diary, database, moved_clock, tmp_path, closed_years
):
    if not database.is_sqlite:
        return  # on PostgreSQL it is VACUUM's business
    ada = join()
    moved_clock.set(2026, 12, 31, 12, 34, 56)
    diary.record(ada, NEW_YEARS_EVE, Mood.GOOD, "tap00001")
    needle = moved_clock.now().isoformat().encode()
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    database.forget_deleted()
    assert needle in (tmp_path / "moodtracker.db").read_bytes()
    closed_years.erase(ada.person, 2026)
    for file in tmp_path.glob("moodtracker.db*"):
        assert needle not in file.read_bytes()


def test_a_person_can_have_a_held_board_tried_again(
    year_end, join, write_moods, mail_server, moved_clock, closed_years
):
    ada = join()
    write_moods(ada)
    mail_server.behaviour.rcpt["ada@example.org"] = ["550 5.1.1 nobody here"]
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert closed_years.of(ada.person).state == "held"
    closed_years.try_again(ada.person, 2026)
    year_end.tick()
    assert mail_server.recipients() == ["ada@example.org"]


# --- the clock (Y9)


def test_a_clock_that_jumps_ahead_five_years_closes_mails_and_erases_nothing_until_confirmed(
    year_end, make_year_end, join, write_moods, database, mail_server, moved_clock
):
    write_moods(join("ada"))
    year_end.tick()
    moved_clock.jump(timedelta(days=5 * 365))
    for process in (year_end, make_year_end()):
        for _ in range(3):
            process.tick()
            moved_clock.moment += timedelta(hours=1)
    assert rows(database) == 3
    assert rows(database, "sealed_years") == 0
    assert year_end.status().doubt.seen_at < moved_clock.now() - timedelta(days=5 * 364)
    ClockWatch(database).confirm()
    year_end.tick()
    assert rows(database) == 0
    assert len(mail_server.taken) == 1
    assert year_end.status().doubt is None


def test_a_jump_erases_nothing_that_was_mailed(year_end, join, write_moods, database, moved_clock):
    write_moods(join())
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    moved_clock.jump(timedelta(days=40))
    year_end.tick()
    assert sealed(database)[0].moods is not None


def test_a_clock_that_is_set_right_again_needs_no_confirmation(
    year_end, join, write_moods, database, moved_clock
):
    write_moods(join())
    year_end.tick()
    moved_clock.jump(timedelta(days=400))
    year_end.tick()
    moved_clock.jump(timedelta(days=-400))
    moved_clock.set(2027, 1, 1)
    year_end.tick()
    assert rows(database, "sealed_years") == 1


def test_a_clock_that_is_set_back_by_days_closes_nothing_until_it_is_set_right(
    year_end, make_year_end, join, write_moods, database, moved_clock
):
    write_moods(join())
    moved_clock.set(2026, 12, 31, 23)
    year_end.tick()
    moved_clock.jump(timedelta(days=-365))
    for process in (year_end, make_year_end()):
        process.tick()
        assert ClockWatch(database).doubt() is not None
    moved_clock.jump(timedelta(days=365))
    moved_clock.moment += timedelta(hours=2)
    year_end.tick()
    assert ClockWatch(database).doubt() is None
    assert rows(database, "sealed_years") == 1


def test_a_mood_written_by_a_clock_that_ran_ahead_keeps_no_older_year_open(
    year_end, join, diary, mail_server, database, moved_clock
):
    moved_clock.set(2027, 5, 1, 12)
    who = join()
    diary.record(who, date(2027, 5, 1), Mood.AWFUL, "tap00001")
    moved_clock.set(2026, 11, 24, 12)
    diary.record(who, date(2026, 11, 24), Mood.GREAT, "tap00002")
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    ((_, message),) = mail_server.taken
    assert message["Subject"] == "Your 2026 in moods"
    assert rows(database) == 1
    moved_clock.set(2028, 1, 1, 9)
    year_end.tick()
    assert mail_server.taken[1][1]["Subject"] == "Your 2027 in moods"


def test_a_clock_back_one_hour_delays_and_doubles_nothing(
    year_end, join, write_moods, mail_server, database, moved_clock
):
    write_moods(join())
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    moved_clock.jump(timedelta(hours=-1))
    for _ in range(15):
        year_end.tick()
        moved_clock.moment += timedelta(minutes=10)
    assert len(mail_server.taken) == 1


@pytest.mark.parametrize(("back", "closes"), [((2027, 1, 20), True), ((2028, 3, 1), False)])
def test_a_machine_that_was_off_for_weeks_goes_on_by_itself_one_off_for_long_asks_first(
    year_end, make_year_end, join, write_moods, mail_server, database, moved_clock, back, closes
):
    write_moods(join())
    year_end.tick()
    moved_clock.set(*back)
    moved_clock.start_machine()
    back_again = make_year_end()
    back_again.tick()
    assert len(mail_server.taken) == closes
    ClockWatch(database).confirm()
    back_again.tick()
    assert len(mail_server.taken) == 1


def test_a_process_that_was_off_while_its_machine_ran_needs_no_confirmation(
    year_end, make_year_end, join, write_moods, mail_server, moved_clock
):
    write_moods(join())
    year_end.tick()
    moved_clock.set(2028, 3, 1)
    make_year_end().tick()
    assert len(mail_server.taken) == 1
