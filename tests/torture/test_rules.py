"""Random people, zones, moves, taps, days, years and crashes against the rules as simply said."""

import json
import secrets
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, text

from moodtracker.accounts import sessions
from moodtracker.clock_watch import ClockWatch
from moodtracker.database import Database
from moodtracker.diary import DayFull, DayLocked, Diary, EntryGone
from moodtracker.models import UserRow, metadata
from moodtracker.moods import Mood
from moodtracker.notes import NoteTooLong
from moodtracker.preferences import Preferences
from support.rounds import rounds
from support.rules_of_the_day import DONE, Act, Diarist
from support.year_end import make_year_end

STEPS_A_LIFE = 50
LIVES = rounds(30)
STEPS = rounds(1000)  # on each database
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
)
BEGINNINGS = (
    (2026, 12, 29, 20),  # before New Year
    (2028, 2, 27, 20),  # before a leap day
    (2026, 3, 28, 20),  # before the clocks change in Europe
    (2026, 10, 24, 20),
    (2011, 12, 28, 20),  # before the day that Samoa skipped, and New Year
)
NAMES = st.sampled_from([f"tap{number:08}" for number in range(12)])
OTHER_NAMES = st.sampled_from([f"other{number:06}" for number in range(12)])
MOODS = st.sampled_from(Mood)
NOTES = st.sampled_from(("", "rain", "🌧 und Tee", "x" * 281))
ANSWERS = {kind.__name__: kind for kind in (DayFull, DayLocked, EntryGone, NoteTooLong)}


class CrashError(Exception):
    pass


class Lives(RuleBasedStateMachine):
    """A database that is used, thrown away amid its work, and opened again."""

    people = Bundle("people")
    sent = Bundle("sent")  # acts, each with whose it is
    steps = 0

    def __init__(self, url, moved_clock):
        super().__init__()
        self.url = url
        self.clock = moved_clock
        self.seen_at = None
        self.everybody = []
        self.signed_in = {}
        self.taps = 0
        self.open()
        with self.database.write() as session:
            for table in reversed(metadata.sorted_tables):
                session.execute(table.delete())

    def open(self):
        self.database = Database(self.url)
        self.diary = Diary(self.database)
        self.preferences = Preferences(self.database)
        self.year_end = make_year_end(self.database, None)

    def teardown(self):
        self.database.close()
        Lives.steps += self.taps

    def who(self, person):
        if person.id not in self.signed_in:
            cookie = sessions.open_session(self.database, person.id)
            self.signed_in[person.id] = sessions.find(self.database, cookie)
        return self.signed_in[person.id]

    def now(self):
        """The latest time that was seen: where the clock is set back, all stands still (D4)."""
        return max(self.clock.now(), self.seen_at or self.clock.now())

    @initialize(when=st.sampled_from(BEGINNINGS))
    def begin(self, when):
        self.clock.set(*when)

    @rule(target=people, zone=st.sampled_from(ZONES))
    def join(self, zone):
        if len(self.everybody) == 4:
            return multiple()
        with self.database.write() as session:
            row = UserRow(
                username=secrets.token_hex(8), first_name="Ada", zone=zone, created_at=self.now()
            )
            session.add(row)
            session.flush()
            person = Diarist(row.id, zone)
        self.everybody.append(person)
        return person

    def send(self, person, act):
        """Have it carried out, and answered as the rules say."""
        answer = person.answer(act, self.now())
        if answer == DONE:
            self.carry_out(person, act)
        else:
            with pytest.raises(ANSWERS[answer]):
                self.carry_out(person, act)
        return person, act

    def carry_out(self, person, act):
        who, mood = self.who(person), act.mood and Mood(act.mood)
        match act.kind:
            case "record":
                self.diary.record(who, act.day, mood, act.tap)
            case "change":
                self.diary.change(who, act.day, act.was, mood, act.tap)
            case "take_back":
                self.diary.take_back(who, act.day, act.was, act.tap)
            case "note":
                self.diary.annotate(who, act.day, act.was, act.note, act.tap)

    @rule(target=sent, person=people, mood=MOODS, tap=NAMES)
    def record(self, person, mood, tap):
        return self.send(person, Act("record", person.today(self.now()), tap, mood=mood))

    @rule(target=sent, person=people, was=NAMES, mood=MOODS, tap=NAMES)
    def change(self, person, was, mood, tap):
        return self.send(person, Act("change", person.today(self.now()), tap, was, mood))

    @rule(target=sent, person=people, was=NAMES, tap=OTHER_NAMES)
    def take_back(self, person, was, tap):
        return self.send(person, Act("take_back", person.today(self.now()), tap, was))

    @rule(target=sent, person=people, was=NAMES, note=NOTES, tap=OTHER_NAMES)
    def annotate(self, person, was, note, tap):
        return self.send(person, Act("note", person.today(self.now()), tap, was, note=note))

    @rule(
        target=sent,
        person=people,
        kind=st.sampled_from(("record", "change", "take_back", "note")),
        away=st.sampled_from((-400, -365, -2, -1, 1, 2, 3, 366)),
    )
    def write_another_day(self, person, kind, away):
        day = person.today(self.now()) + timedelta(days=away)
        return self.send(person, Act(kind, day, secrets.token_hex(8), "tap00000001", 3, "no"))

    @rule(again=sent)
    def send_again(self, again):
        """Whatever was sent at any time may come once more: from another tab, or out of a queue."""
        person, act = again
        if person in self.everybody:
            self.send(person, act)

    @rule(person=people, zone=st.sampled_from(ZONES), hour=st.integers(0, 5))
    def move(self, person, zone, hour):
        person.move(zone, hour, self.now())
        self.preferences.set_day(self.who(person), {"zone": zone, "day_end_hour": str(hour)})

    @rule(
        hours=st.sampled_from((0.2, 1, 5, 9, 14, 25, 24 * 3, 24 * 29, 24 * 120, 24 * 300)),
        is_seen=st.booleans(),
    )
    def pass_time(self, hours, is_seen):
        self.clock.moment = self.now() + timedelta(hours=hours)
        ClockWatch(self.database).confirm()  # the time has really passed (Y9)
        self.signed_in.clear()
        if is_seen:
            self.tick()

    @rule()
    def tick(self):
        self.year_end.tick()
        for person in self.everybody:
            person.close_years(self.now())
        self.compare_closed_years()

    @rule(hours=st.sampled_from((1, 25, 24 * 400)))
    def set_clock_back(self, hours):
        self.clock.moment = self.seen_at = self.now()
        self.signed_in.clear()
        ClockWatch(self.database).confirm()
        self.tick()
        self.clock.jump(-timedelta(hours=hours))

    @rule()
    def crash(self):
        self.database.close()
        self.open()

    @rule(person=people, mood=MOODS, tap=NAMES)
    def crash_before_the_commit(self, person, mood, tap):
        """The process is gone before the commit: nothing happened, and the tap may come again."""
        act = Act("record", person.today(self.now()), tap, mood=mood)
        self.who(person)

        def die(connection):
            raise CrashError

        event.listen(self.database._writing, "commit", die)
        with suppress(CrashError):
            self.carry_out(person, act)
        event.remove(self.database._writing, "commit", die)
        self.crash()

    @rule(person=people, mood=MOODS, tap=NAMES)
    def crash_after_the_commit(self, person, mood, tap):
        """The process is gone before it answered: the page sends the tap again."""
        again = self.record(person, mood, tap)
        self.crash()
        self.send(*again)

    @rule(person=consumes(people))
    def leave(self, person):
        """Gone, with all that was theirs."""
        self.everybody.remove(person)
        self.signed_in.pop(person.id, None)
        with self.database.write() as session:
            session.execute(text("DELETE FROM users WHERE id = :id"), {"id": person.id})
            for table in ("entries", "acts", "sealed_years", "sessions"):
                left = text(f"SELECT count(*) FROM {table} WHERE user_id = :id")
                assert session.scalar(left, {"id": person.id}) == 0

    @invariant()
    def every_board_is_as_the_rules_say(self):
        self.taps += 1
        for person in self.everybody:
            board = self.diary.read(self.who(person))
            shown = {}
            for entry in board.entries:
                told = (int(entry.mood), entry.tap, entry.note)
                shown.setdefault(entry.day, {})[entry.slot] = told
            assert board.today == person.today(self.now())
            assert shown == person.board(self.now())

    def compare_closed_years(self):
        with self.database.read() as session:
            found = session.execute(
                text("SELECT user_id, year, moods, state, erased_at FROM sealed_years")
            ).all()
        kept = {(row.user_id, row.year): row for row in found}
        for person in self.everybody:
            for year, (at, moods) in list(person.closed.items()):
                row = kept.pop((person.id, year))
                has_newer = any(who == person.id and newer > year for who, newer in kept)
                if row.moods is None:  # Y5: never before the next, and a month to see it
                    assert row.erased_at is not None
                    assert has_newer
                    assert self.now() - at >= timedelta(days=30)
                else:
                    assert moods_in(row.moods) == {
                        day: {slot: (mood, note) for slot, (mood, _, note) in told.items()}
                        for day, told in moods.items()
                    }
        assert all(row.state == "empty" and row.moods is None for row in kept.values())


def moods_in(packed):
    moods = {}
    for day, slot, mood, _, *note in json.loads(packed):
        told = (mood, "".join(note))
        moods.setdefault(date.fromisoformat(day), {})[slot] = told
    return moods


def test_whatever_happens_the_rules_hold(database_url, moved_clock):
    Lives.steps = 0
    run_state_machine_as_test(
        lambda: Lives(database_url, moved_clock),
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS_A_LIFE,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # to make a failure shorter takes minutes, and steps are few
        ),
    )
    print(f"{Lives.steps} steps in {LIVES} lives")
    assert Lives.steps >= STEPS
