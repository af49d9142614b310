"""On PostgreSQL the database's clock decides, whatever the clocks of the instances show (D3)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, text

from moodtracker import clock
from moodtracker.accounts import sessions
from moodtracker.database import Database
from moodtracker.database_clock import DatabaseClock
from moodtracker.diary import DayLocked, Diary
from moodtracker.models import sealed_years
from moodtracker.moods import Mood
from support import database_clock
from support.open_page import OpenPage
from support.server import Server
from support.year_end import make_year_end

OFF = timedelta(minutes=5)
LAST_DAY, NEW_YEAR = date(2026, 12, 31), date(2027, 1, 1)
PATIENCE = 60


@pytest.fixture
def its_clock(postgresql_database):
    """The database's clock: just before New Year."""
    database = Database(postgresql_database)
    database.migrate()
    database.close()
    shifted = database_clock.DatabaseClock(postgresql_database)
    shifted.set(2026, 12, 31, 23, 30)
    return shifted


@pytest.fixture
def database(its_clock, postgresql_database, monkeypatch):
    monkeypatch.setattr(clock, "_correction", timedelta(0))
    opened = Database(postgresql_database)
    yield opened
    opened.close()


@pytest.fixture(params=[-OFF, timedelta(0), OFF], ids=["slow", "right", "fast"])
def own_clock(request, monkeypatch):
    """This instance's own, before New Year, at it, and after it."""
    began = datetime(2027, 1, 1, tzinfo=UTC) + request.param
    monkeypatch.setattr(clock, "of_machine", lambda: began)


@pytest.mark.usefixtures("own_clock")
def test_the_old_day_can_be_written_until_the_databases_midnight_and_no_longer(
    database, join, its_clock
):
    diary, ada = Diary(database), join()
    assert diary.read(ada).today == LAST_DAY
    diary.record(ada, LAST_DAY, Mood.GOOD, "tap00001")
    with pytest.raises(DayLocked):
        diary.record(ada, NEW_YEAR, Mood.GOOD, "tap00002")
    (entry,) = diary.read(ada).entries
    assert entry.recorded_at.date() == LAST_DAY
    its_clock.set(2027, 1, 1)
    assert diary.read(ada).today == NEW_YEAR
    with pytest.raises(DayLocked):
        diary.record(ada, LAST_DAY, Mood.GOOD, "tap00003")
    diary.record(ada, NEW_YEAR, Mood.GOOD, "tap00004")


@pytest.mark.usefixtures("own_clock")
def test_no_year_is_sealed_before_the_databases_new_year(database, join, its_clock):
    Diary(database).record(join(), LAST_DAY, Mood.GOOD, "tap00001")
    year_end = make_year_end(database, None)
    year_end.seal_ended_years()
    assert sealed(database) == 0
    its_clock.set(2027, 1, 1)
    year_end.seal_ended_years()
    assert sealed(database) == 1


def sealed(database):
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(sealed_years.year.table))


def test_whoever_waits_for_the_lock_across_midnight_is_too_late(database, join, its_clock):
    ada = join()
    with ThreadPoolExecutor() as others, database.write() as session:
        session.execute(text("SELECT 1 FROM users FOR UPDATE"))
        tap = others.submit(Diary(database).record, ada, LAST_DAY, Mood.GOOD, "tap00001")
        await_somebody_who_waits(database)
        its_clock.set(2027, 1, 1)
        session.rollback()
        with pytest.raises(DayLocked):
            tap.result(timeout=PATIENCE)


def await_somebody_who_waits(database):
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(PATIENCE * 20):
        with database.read() as session:
            if session.scalar(waiting):
                return
        threading.Event().wait(0.05)
    pytest.fail("nobody waits")


def test_all_else_in_an_instance_follows_the_databases_clock(database, its_clock):
    followed = DatabaseClock(database)
    its_clock.set(2027, 1, 1)
    while clock.correction() == timedelta(0):  # an answer that takes too long is not believed
        followed.follow()
    assert clock.now().date() == NEW_YEAR


def test_a_persons_today_is_that_of_the_moment_at_which_they_were_read(database, join, its_clock):
    ada = join().person
    its_clock.set(2027, 1, 1)
    assert ada.today == LAST_DAY


@pytest.fixture
def instances(tmp_path, its_clock, postgresql_database):
    """A slow one and a fast one."""
    today = datetime.combine(datetime.now(UTC).date(), time(23, 50), UTC)
    its_clock.set(*today.timetuple()[:6])
    started = []
    for name, off in (("slow", -OFF), ("fast", OFF)):
        folder = tmp_path / name
        folder.mkdir()
        server = Server(folder, DATABASE_URL=postgresql_database)
        server.set_clock(*(today + off).timetuple()[:6])
        started.append(server.start())
    yield started
    for server in started:
        server.stop()


def test_instances_whose_clocks_differ_turn_together_when_the_database_says_so(
    instances, database, join, its_clock
):
    ada = join()
    cookie = sessions.open_session(database, ada.person.id)
    slow, fast = [OpenPage(server, cookie) for server in instances]
    today = date.fromisoformat(slow.day)
    tomorrow = today + timedelta(days=1)
    its_clock.set(*datetime.combine(today, time(23, 58), UTC).timetuple()[:6])
    assert OpenPage(instances[1], cookie).day == today.isoformat()
    with slow.connected() as at_slow, fast.connected() as at_fast:
        at_fast.event("tap", fast.tap(4, day=tomorrow.isoformat()))
        at_fast.await_words("That day is over")
        at_fast.event("tap", fast.tap(4))
        at_slow.await_words("Good")
        its_clock.set(*datetime.combine(tomorrow, time(0, 0), UTC).timetuple()[:6])
        at_slow.event("tap", slow.tap(2))
        at_slow.await_words("That day is over", tomorrow.isoformat())
        at_fast.await_words(tomorrow.isoformat())  # by itself
    kept = Diary(database).read(ada)
    assert [(entry.day, entry.mood) for entry in kept.entries] == [(today, Mood.GOOD)]
