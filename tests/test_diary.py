import multiprocessing
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from moodtracker import notes
from moodtracker.accounts import sessions
from moodtracker.accounts.sessions import SessionEnded
from moodtracker.clock_watch import ClockWatch
from moodtracker.database import Database
from moodtracker.diary import DayFull, DayLocked, Diary, EntryGone
from moodtracker.moods import Mood
from moodtracker.notes import NoteTooLong

pytestmark = pytest.mark.splits

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _noon(moved_clock):
    moved_clock.set(2026, 11, 24, 12)


def moods(diary, who):
    return [(entry.day, entry.slot, entry.mood) for entry in diary.read(who).entries]


def test_a_mood_of_today_is_kept_with_its_moment(diary, join, moved_clock):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    (entry,) = diary.read(ada).entries
    assert (entry.day, entry.slot, entry.mood) == (TODAY, 1, Mood.GOOD)
    assert entry.recorded_at == moved_clock.now()


def test_two_moods_fill_the_day_in_order(diary, join):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.record(ada, TODAY, Mood.AWFUL, "tap00002")
    assert moods(diary, ada) == [(TODAY, 1, Mood.GOOD), (TODAY, 2, Mood.AWFUL)]


def test_a_third_mood_of_the_day_is_refused(diary, join):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.record(ada, TODAY, Mood.GOOD, "tap00002")
    with pytest.raises(DayFull):
        diary.record(ada, TODAY, Mood.GREAT, "tap00003")
    assert len(moods(diary, ada)) == 2


def test_the_same_tap_delivered_twice_counts_once(diary, join):
    ada = join()
    for _ in range(2):
        diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    assert moods(diary, ada) == [(TODAY, 1, Mood.GOOD)]


@pytest.mark.parametrize("offset", [-365, -1, 1, 30])
def test_only_today_can_be_written(diary, join, offset):
    ada = join()
    with pytest.raises(DayLocked):
        diary.record(ada, TODAY + timedelta(days=offset), Mood.GOOD, "tap00001")
    assert moods(diary, ada) == []


def test_yesterday_is_locked_for_changing_and_taking_back(diary, join, moved_clock):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    moved_clock.set(2026, 11, 25, 0, 0)
    with pytest.raises(DayLocked):
        diary.change(ada, TODAY, "tap00001", Mood.BAD, "tap00002")
    with pytest.raises(DayLocked):
        diary.take_back(ada, TODAY, "tap00001", "back0001")
    assert moods(diary, ada) == [(TODAY, 1, Mood.GOOD)]


def test_the_servers_clock_and_the_persons_zone_decide_what_today_is(diary, join, moved_clock):
    moved_clock.set(2026, 11, 24, 10, 30)
    kiritimati, los_angeles = (
        join("kiri", "Pacific/Kiritimati"),
        join("lana", "America/Los_Angeles"),
    )
    diary.record(kiritimati, date(2026, 11, 25), Mood.GOOD, "tap00001")
    diary.record(los_angeles, date(2026, 11, 24), Mood.GOOD, "tap00001")
    with pytest.raises(DayLocked):
        diary.record(los_angeles, date(2026, 11, 25), Mood.GOOD, "tap00002")


def test_a_mood_can_be_changed_until_the_day_ends_and_keeps_its_moment(diary, join, moved_clock):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    first = diary.read(ada).entries[0].recorded_at
    moved_clock.set(2026, 11, 24, 23, 59)
    diary.change(ada, TODAY, "tap00001", Mood.BAD, "tap00002")
    (entry,) = diary.read(ada).entries
    assert (entry.mood, entry.recorded_at) == (Mood.BAD, first)


def test_a_change_delivered_twice_changes_once(diary, join):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    for _ in range(2):
        diary.change(ada, TODAY, "tap00001", Mood.BAD, "tap00002")
    assert moods(diary, ada) == [(TODAY, 1, Mood.BAD)]


def test_what_is_gone_cannot_be_changed(diary, join):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.take_back(ada, TODAY, "tap00001", "back0001")
    with pytest.raises(EntryGone):
        diary.change(ada, TODAY, "tap00001", Mood.BAD, "tap00002")


def test_a_mood_taken_back_leaves_its_slot_free(diary, join):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.record(ada, TODAY, Mood.BAD, "tap00002")
    diary.take_back(ada, TODAY, "tap00001", "back0001")
    diary.take_back(ada, TODAY, "tap00001", "back0002")
    assert moods(diary, ada) == [(TODAY, 2, Mood.BAD)]
    diary.record(ada, TODAY, Mood.GREAT, "tap00003")
    assert moods(diary, ada) == [(TODAY, 1, Mood.GREAT), (TODAY, 2, Mood.BAD)]


def test_after_a_move_west_today_stays_the_latest_day_written(diary, join, moved_clock, database):
    moved_clock.set(2026, 11, 24, 10, 30)
    traveller = join("kiri", "Pacific/Kiritimati")
    tomorrow = date(2026, 11, 25)
    diary.record(traveller, tomorrow, Mood.GOOD, "tap00001")
    with database.write() as session:
        session.execute(text("UPDATE users SET zone = 'America/Los_Angeles'"))
    with pytest.raises(DayLocked):
        diary.record(traveller, date(2026, 11, 24), Mood.BAD, "tap00002")
    assert diary.read(traveller).today == tomorrow
    diary.record(traveller, tomorrow, Mood.BAD, "tap00003")
    moved_clock.set(2026, 11, 26, 8, 0)
    assert diary.read(traveller).today == date(2026, 11, 26)


@pytest.mark.parametrize("back", [timedelta(hours=13), timedelta(days=2), timedelta(days=400)])
def test_a_clock_that_is_set_back_does_not_bring_a_day_back(
    diary, join, moved_clock, database, back
):
    who = join(zone="UTC")
    today, yesterday = moved_clock.now().date(), moved_clock.now().date() - timedelta(days=1)
    assert ClockWatch(database).is_believed()
    moved_clock.jump(-back)
    for day in (yesterday, moved_clock.now().date()):
        with pytest.raises(DayLocked):
            diary.record(who, day, Mood.GOOD, "tap00001")
    diary.record(who, today, Mood.GOOD, "tap00002")
    ClockWatch(database).is_believed()
    assert diary.read(who).today == today


def test_nobody_sees_or_touches_what_another_wrote(diary, join):
    ada, bob = join("ada"), join("bob")
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.take_back(bob, TODAY, "tap00001", "back0001")
    with pytest.raises(EntryGone):
        diary.change(bob, TODAY, "tap00001", Mood.BAD, "tap00002")
    assert moods(diary, bob) == []
    assert moods(diary, ada) == [(TODAY, 1, Mood.GOOD)]


def test_after_signing_out_nothing_can_be_read_or_written(diary, join, database):
    ada = join()
    sessions.end_all(database, ada.person.id)
    with pytest.raises(SessionEnded):
        diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    with pytest.raises(SessionEnded):
        diary.read(ada)


def test_the_board_shows_the_current_year_alone(diary, join, moved_clock):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1, 0, 0)
    board = diary.read(ada)
    assert (board.year, board.today, board.entries) == (2027, date(2027, 1, 1), ())


def test_every_change_is_told_to_the_open_pages_of_its_person_alone(diary, join, live):
    ada, bob = join("ada"), join("bob")
    told = []
    leave = live.follow(ada.person.id, lambda: told.append("ada"))
    live.follow(bob.person.id, lambda: told.append("bob"))
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.change(ada, TODAY, "tap00001", Mood.BAD, "tap00002")
    diary.take_back(ada, TODAY, "tap00002", "back0001")
    leave()
    diary.record(ada, TODAY, Mood.GOOD, "tap00003")
    assert told == ["ada"] * 3


@pytest.mark.parametrize(
    ("slot", "mood"), [(3, 4), (0, 4), (2, 0), (2, 6), (2, "NULL"), (1, 4), (2, 2.5), (2, "'good'")]
)
def test_the_database_itself_refuses_what_breaks_the_rules_of_the_day(
    diary, join, database, slot, mood
):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    if database.is_sqlite or mood not in (2.5, "'good'"):  # PostgreSQL: another kind of error
        with pytest.raises(IntegrityError):
            insert(database, ada.person.id, slot, mood)
    assert moods(diary, ada) == [(TODAY, 1, Mood.GOOD)]


def insert(database, user_id, slot, mood):
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap) VALUES "
                f"({user_id}, '2026-11-24', {slot}, {mood}, '2026-11-24 12:00:00+00:00', 'x')"
            )
        )


def _tap_many_times(url, who, day, names, results):
    database = Database(url)
    diary = Diary(database)
    taken = 0
    for name in names:
        try:
            diary.record(who, day, Mood.GOOD, name)
            taken += 1
        except DayFull:
            pass
    database.close()
    results.put(taken)


def test_fifty_taps_at_once_from_five_processes_leave_exactly_two_moods(
    database_url, database, join, moved_clock, monkeypatch
):
    monkeypatch.undo()  # the other processes have the real clock
    ada = join()
    today = ada.person.today
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    processes = [
        spawn.Process(
            target=_tap_many_times,
            args=(database_url, ada, today, [f"tap{n:02}x{i:02}" for i in range(10)], results),
        )
        for n in range(5)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 5
    assert sum(results.get() for _ in processes) == 2
    assert [entry.slot for entry in Diary(database).read(ada).entries] == [1, 2]


def notes_of(diary, who):
    return [entry.note for entry in diary.read(who).entries]


def test_a_note_is_kept_with_its_mood_and_goes_with_it(diary, join):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.annotate(ada, TODAY, "tap00001", "  a walk\r\nin the rain ", "note0001")
    assert notes_of(diary, ada) == ["a walk\nin the rain"]
    diary.change(ada, TODAY, "tap00001", Mood.BAD, "tap00002")
    assert notes_of(diary, ada) == ["a walk\nin the rain"]
    diary.annotate(ada, TODAY, "tap00002", "", "note0002")
    assert notes_of(diary, ada) == [""]


def test_a_note_delivered_twice_does_not_undo_what_came_after_it(diary, join):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.annotate(ada, TODAY, "tap00001", "tea", "note0001")
    diary.annotate(ada, TODAY, "tap00001", "tea", "note0001")
    assert notes_of(diary, ada) == ["tea"]


def test_a_note_is_locked_with_its_day(diary, join, moved_clock):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    moved_clock.set(2026, 11, 25, 12)
    with pytest.raises(DayLocked):
        diary.annotate(ada, TODAY, "tap00001", "too late", "note0001")
    assert notes_of(diary, ada) == [""]


def test_a_note_to_a_mood_that_is_not_there_is_refused(diary, join):
    with pytest.raises(EntryGone):
        diary.annotate(join(), TODAY, "tap00001", "tea", "note0001")


def test_a_note_has_at_most_280_characters(diary, join):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.annotate(ada, TODAY, "tap00001", "😀" * 280, "note0001")
    with pytest.raises(NoteTooLong):
        diary.annotate(ada, TODAY, "tap00001", "x" * 281, "note0002")
    assert notes_of(diary, ada) == ["😀" * 280]


@given(st.text(max_size=300))
def test_a_note_of_any_text_becomes_one_that_can_be_stored(text):
    try:
        kept = notes.clean(text)
    except NoteTooLong:
        return
    assert notes.clean(kept) == kept
    assert "\0" not in kept
    kept.encode()


def test_one_day_is_read_alone_with_its_notes(diary, join, moved_clock):
    ada = join()
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    moved_clock.set(2026, 11, 25, 12)
    diary.record(ada, date(2026, 11, 25), Mood.BAD, "tap00002")
    assert [entry.mood for entry in diary.read_day(ada, TODAY).entries] == [Mood.GOOD]
    assert diary.read_day(ada, date(2025, 11, 24)).entries == ()


def test_where_slots_are_named_a_first_mood_in_the_evening_is_the_evenings(
    diary, join, moved_clock, database
):
    ada = join()
    with database.write() as session:
        session.execute(text("UPDATE users SET slot_labels = true"))
    moved_clock.set(2026, 11, 24, 19)
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.record(ada, TODAY, Mood.BAD, "tap00002")
    assert moods(diary, ada) == [(TODAY, 1, Mood.BAD), (TODAY, 2, Mood.GOOD)]
