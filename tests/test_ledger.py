"""Whoever sends an act again gets its first answer, and changes nothing (D5)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select, text

from moodtracker import ledger
from moodtracker.accounts import leaving
from moodtracker.clock_watch import ClockWatch
from moodtracker.database import Database
from moodtracker.diary import DayFull, DayLocked, Diary, EntryGone
from moodtracker.ledger import TooManyActs
from moodtracker.models import acts
from moodtracker.moods import Mood
from moodtracker.notes import NoteTooLong
from moodtracker.preferences import Preferences
from support.year_end import make_year_end

pytestmark = pytest.mark.splits

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon(moved_clock):
    moved_clock.set(2026, 11, 24, 12)


@pytest.fixture
def ada(join):
    return join()


@pytest.fixture
def lines(database):
    """How many lines the ledger has."""

    def count():
        with database.read() as session:
            return session.scalar(select(func.count()).select_from(acts.tap.table))

    return count


def told(diary, who):
    return [(entry.slot, entry.mood, entry.tap, entry.note) for entry in diary.read(who).entries]


def test_a_mood_that_was_changed_elsewhere_is_not_recorded_again(diary, ada):
    diary.record(ada, TODAY, Mood.AWFUL, "tap00001")
    diary.change(ada, TODAY, "tap00001", Mood.GREAT, "tap00002")
    diary.record(ada, TODAY, Mood.AWFUL, "tap00001")
    assert told(diary, ada) == [(1, Mood.GREAT, "tap00002", "")]


def test_a_mood_that_was_taken_back_does_not_come_back(diary, ada):
    diary.record(ada, TODAY, Mood.AWFUL, "tap00001")
    diary.take_back(ada, TODAY, "tap00001", "back0001")
    diary.record(ada, TODAY, Mood.AWFUL, "tap00001")
    assert told(diary, ada) == []


def test_a_note_that_is_sent_again_leaves_a_newer_one_in_its_place(diary, ada):
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.annotate(ada, TODAY, "tap00001", "older", "note0001")
    diary.annotate(ada, TODAY, "tap00001", "newer", "note0002")
    diary.annotate(ada, TODAY, "tap00001", "older", "note0001")
    assert told(diary, ada) == [(1, Mood.GOOD, "tap00001", "newer")]


def test_a_change_that_was_carried_out_is_not_refused_when_it_comes_again(diary, ada):
    diary.record(ada, TODAY, Mood.BAD, "tap00000")
    diary.change(ada, TODAY, "tap00000", Mood.OKAY, "tap00001")
    diary.change(ada, TODAY, "tap00001", Mood.GOOD, "tap00002")
    diary.change(ada, TODAY, "tap00000", Mood.OKAY, "tap00001")
    assert told(diary, ada) == [(1, Mood.GOOD, "tap00002", "")]


def test_all_that_a_page_has_waiting_may_be_sent_again(diary, ada):
    for _ in range(2):
        diary.record(ada, TODAY, Mood.AWFUL, "tap00001")
        diary.change(ada, TODAY, "tap00001", Mood.GREAT, "tap00002")
    assert told(diary, ada) == [(1, Mood.GREAT, "tap00002", "")]


def test_a_take_back_that_comes_again_does_not_take_what_came_after_it(diary, ada):
    diary.record(ada, TODAY, Mood.BAD, "tap00001")
    diary.take_back(ada, TODAY, "tap00001", "back0001")
    diary.record(ada, TODAY, Mood.GOOD, "tap00002")
    diary.change(ada, TODAY, "tap00002", Mood.GREAT, "tap00003")
    diary.take_back(ada, TODAY, "tap00001", "back0001")
    assert told(diary, ada) == [(1, Mood.GREAT, "tap00003", "")]


REFUSED = {
    "a third mood": (
        DayFull,
        lambda diary, who: diary.record(who, TODAY, Mood.GREAT, "refused1"),
        lambda diary, who: diary.take_back(who, TODAY, "tap00001", "back0001"),
    ),
    "a change": (
        EntryGone,
        lambda diary, who: diary.change(who, TODAY, "tap00003", Mood.GREAT, "refused1"),
        lambda diary, who: diary.change(who, TODAY, "tap00001", Mood.OKAY, "tap00003"),
    ),
    "a note": (
        EntryGone,
        lambda diary, who: diary.annotate(who, TODAY, "tap00003", "no", "refused1"),
        lambda diary, who: diary.change(who, TODAY, "tap00001", Mood.OKAY, "tap00003"),
    ),
    "a long note": (
        NoteTooLong,
        lambda diary, who: diary.annotate(who, TODAY, "tap00001", "x" * 281, "refused1"),
        lambda diary, who: diary.take_back(who, TODAY, "tap00002", "back0001"),
    ),
}


@pytest.mark.parametrize(("answer", "act", "makes_room"), REFUSED.values(), ids=REFUSED)
def test_what_was_refused_stays_refused_however_late_it_comes_again(
    diary, ada, database_url, answer, act, makes_room
):
    """The first request lies in an instance that stands still, the second one is answered."""
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.record(ada, TODAY, Mood.BAD, "tap00002")
    with pytest.raises(answer):
        act(diary, ada)
    makes_room(diary, ada)
    before = told(diary, ada)
    woken = Database(database_url)
    with pytest.raises(answer):
        act(Diary(woken), ada)
    woken.close()
    assert told(diary, ada) == before


def test_another_act_under_the_same_name_gets_the_first_ones_answer(diary, ada):
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.take_back(ada, TODAY, "tap00001", "tap00001")
    diary.annotate(ada, TODAY, "tap00001", "no", "tap00001")
    diary.change(ada, TODAY, "tap00001", Mood.BAD, "tap00001")
    assert told(diary, ada) == [(1, Mood.GOOD, "tap00001", "")]


def test_names_are_a_persons_own(diary, join):
    ada, bob = join("ada"), join("bob")
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.record(bob, TODAY, Mood.BAD, "tap00001")
    assert told(diary, bob) == [(1, Mood.BAD, "tap00001", "")]


def test_a_commit_whose_answer_was_lost_counts_once(diary, ada, database):
    lost = []

    def lose_the_answer(connection):
        if not lost:
            lost.append(connection.connection.commit())
            raise ConnectionError

    event.listen(database._writing, "commit", lose_the_answer)
    with pytest.raises(ConnectionError):
        diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.change(ada, TODAY, "tap00001", Mood.BAD, "tap00002")
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    assert told(diary, ada) == [(1, Mood.BAD, "tap00002", "")]


def test_a_tap_that_comes_again_after_midnight_is_told_that_it_was_saved(diary, ada, moved_clock):
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    moved_clock.set(2026, 11, 25, 0, 1)
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    diary.record(ada, TOMORROW, Mood.BAD, "tap00002")  # by another tab
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    assert [(entry.day, entry.mood) for entry in diary.read(ada).entries] == [
        (TODAY, Mood.GOOD),
        (TOMORROW, Mood.BAD),
    ]


def test_a_tap_of_a_day_long_over_is_refused_by_the_day_itself(diary, ada, moved_clock, lines):
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    moved_clock.set(2026, 11, 26, 12)
    diary.record(ada, date(2026, 11, 26), Mood.GOOD, "tap00002")
    with pytest.raises(DayLocked):
        diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    assert lines() == 2  # of the last day alone


def test_a_tap_that_was_too_early_is_not_carried_out_on_its_day(diary, ada, moved_clock):
    with pytest.raises(DayLocked):
        diary.record(ada, TOMORROW, Mood.GOOD, "tap00001")
    moved_clock.set(2026, 11, 25, 0, 0, 1)
    diary.record(ada, TOMORROW, Mood.BAD, "tap00002")
    with pytest.raises(DayLocked):
        diary.record(ada, TOMORROW, Mood.GOOD, "tap00001")
    assert told(diary, ada) == [(1, Mood.BAD, "tap00002", "")]


def test_a_tap_that_was_too_late_is_not_carried_out_by_a_clock_that_is_set_back(
    diary, ada, moved_clock
):
    moved_clock.set(2026, 11, 25, 0, 0, 1)
    with pytest.raises(DayLocked):
        diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    moved_clock.jump(timedelta(seconds=-10))
    assert diary.read(ada).today == TODAY
    with pytest.raises(DayLocked):
        diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    assert told(diary, ada) == []


@pytest.mark.parametrize("hour", ["0", "5"])
def test_a_tap_that_was_refused_is_not_carried_out_after_a_move(
    diary, join, database, moved_clock, hour
):
    moved_clock.set(2026, 11, 24, 10, 30)
    traveller = join("kiri", "Pacific/Kiritimati")
    with pytest.raises(DayLocked):
        diary.record(traveller, TODAY, Mood.GOOD, "tap00001")
    day = {"zone": "Pacific/Pago_Pago", "day_end_hour": hour}
    Preferences(database).set_day(traveller, day)
    with pytest.raises(DayLocked):
        diary.record(traveller, TODAY, Mood.GOOD, "tap00001")


def test_a_tap_of_a_far_day_is_refused_and_leaves_nothing(diary, ada, lines):
    for days in (3, 400):
        with pytest.raises(DayLocked):
            diary.record(ada, TODAY + days * DAY, Mood.GOOD, f"tap{days:05}")
    with pytest.raises(DayLocked):
        diary.record(ada, date.max, Mood.GOOD, "tap99999")
    assert lines() == 0


def test_a_hand_made_client_cannot_make_the_ledger_grow_without_end(
    diary, ada, lines, monkeypatch, moved_clock
):
    monkeypatch.setattr(ledger, "MOST_A_DAY", 5)
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    for number in range(20):
        with pytest.raises(EntryGone if number < 4 else TooManyActs):
            diary.change(ada, TODAY, "none", Mood.BAD, f"made{number:04}")
    for number in range(20):
        with pytest.raises(DayLocked if number < 5 else TooManyActs):
            diary.record(ada, TOMORROW, Mood.BAD, f"late{number:04}")
    assert lines() == 5 + 5
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")  # which is answered as ever
    with pytest.raises(TooManyActs):  # nothing makes room, so that it stays refused
        diary.take_back(ada, TODAY, "tap00001", "made0019")
    assert told(diary, ada) == [(1, Mood.GOOD, "tap00001", "")]


def test_the_ledger_goes_with_its_person(diary, ada, database, lines):
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    leaving.delete_account(database, ada.person.id)
    assert lines() == 0


def test_the_ledger_goes_with_the_sealing_of_its_year(diary, ada, database, lines, moved_clock):
    moved_clock.set(2026, 12, 30, 12)
    diary.record(ada, date(2026, 12, 30), Mood.GOOD, "tap00001")
    moved_clock.set(2027, 1, 1, 0, 1)
    make_year_end(database, None).tick()
    assert lines() == 0


@pytest.mark.parametrize(("days", "left"), [(1, 1), (4, 1), (5, 0)])
def test_the_ledger_of_who_does_not_come_back_is_cleaned_up(
    diary, ada, database, lines, moved_clock, days, left
):
    diary.record(ada, TODAY, Mood.GOOD, "tap00001")
    moved_clock.moment += days * DAY
    assert ClockWatch(database).is_believed()
    ledger.forget_old(database)
    assert lines() == left


def test_an_upgrade_amid_the_day_keeps_what_was_done_before_it(tmp_path):
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    old.migrate("0005")
    with old.write() as session:
        session.execute(
            text(
                "INSERT INTO users"
                " (id, username, first_name, last_name, zone, created_at, latest_day)"
                " VALUES (1, 'ada', 'Ada', '', 'UTC', '2026-01-01', '2026-11-24')"
            )
        )
        for day, tap, note in (
            ("2026-11-23", "tap00000", "note0000"),
            ("2026-11-24", "tap00001", "note0001"),
        ):
            session.execute(
                text(
                    "INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap, note_tap)"
                    " VALUES (1, :day, 1, 4, '2026-11-24 12:00:00', :tap, :note)"
                ),
                {"day": day, "tap": tap, "note": note},
            )
    old.migrate()
    with old.read() as session:
        kept = session.execute(select(acts.tap, acts.day, acts.outcome).order_by(acts.tap)).all()
        assert [tuple(line) for line in kept] == [
            ("note0001", TODAY, "done"),
            ("tap00001", TODAY, "done"),
        ]
        assert session.scalar(text("SELECT count(*) FROM entries")) == 2
    old.close()
