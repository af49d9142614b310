import io
from datetime import UTC, date, datetime, time, timedelta

import pytest
from PIL import Image
from sqlalchemy import text

from moodtracker import export
from moodtracker.accounts import sessions
from moodtracker.accounts.people import find
from moodtracker.board import Board
from moodtracker.drawing import layout
from moodtracker.moods import Mood
from support.year_end import KEEP
from support.year_end import make_year_end as year_end_of

NEW_YEARS_EVE = date(2026, 12, 31)


@pytest.fixture
def make_year_end(database, live, mail_server):
    def make(**more):
        return year_end_of(database, live, mail_server.port, **more)

    return make


@pytest.fixture
def year_end(make_year_end):
    return make_year_end()


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
    year_end, join, write_moods, database, diary, moved_clock
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
    assert year_end.closed_year(ada.person).state == "pending"
    closed = year_end.closed_board(ada.person, 2026)
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
        diary.record(who, who.person.today, Mood.GOOD, "tap00001")
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
    year_end, join, write_moods, database, moved_clock
):
    ada = join()
    write_moods(ada)
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert year_end.closed_year(ada.person).erased_from == moved_clock.now() + KEEP
    moved_clock.moment += KEEP - timedelta(seconds=1)
    year_end.tick()
    assert sealed(database)[0].moods is not None
    moved_clock.moment += timedelta(seconds=1)
    year_end.tick()
    (row,) = sealed(database)
    assert row.moods is None
    assert year_end.closed_year(ada.person) is None
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
    diary.take_back(ada, NEW_YEARS_EVE, "tap00001")
    moved_clock.set(2027, 1, 1, 9)
    year_end.tick()
    assert [row.state for row in sealed(database)] == ["empty"]
    assert mail_server.taken == []


def test_somebody_who_wants_no_mail_gets_none_and_keeps_the_year(
    year_end, join, write_moods, database, mail_server, moved_clock
):
    ada = join()
    write_moods(ada)
    with database.write() as session:
        session.execute(text("UPDATE users SET year_end_mail = false"))
    moved_clock.set(2027, 3, 1)
    year_end.tick()
    assert mail_server.taken == []
    assert year_end.closed_year(ada.person).state == "opted_out"


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
    database, live, join, write_moods, moved_clock
):
    ada = join()
    write_moods(ada)
    year_end = year_end_of(database, live, None, keep=timedelta(0))
    moved_clock.set(2027, 6, 1)
    year_end.tick()
    assert year_end.closed_year(ada.person).state == "pending"
    assert len(year_end.closed_board(ada.person, 2026).entries) == 3


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
