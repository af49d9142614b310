"""The rules, once more and as simply as they can be said: what a person's diary must hold."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from moodtracker import days

Told = tuple[int, str, str]  # mood, name of its tap, note
DONE, LOCKED = "done", "DayLocked"


@dataclass(frozen=True)
class Act:
    """What a page sends: record, change, take_back or note."""

    kind: str
    day: date
    tap: str
    was: str = ""
    mood: int = 0
    note: str = ""


@dataclass
class Diarist:
    """One person, as the rules say: D1 to D5, D7, Y1, Y2, Y5, Y7."""

    id: int
    zone: str
    day_end_hour: int = 0
    entries: dict[date, dict[int, Told]] = field(default_factory=dict)  # by day and slot
    latest_day: date = date.min
    answers: dict[str, tuple[date, str]] = field(default_factory=dict)  # D5, with their day
    old_year_until: tuple[int, datetime] | None = None  # Y7
    told_years: set[int] = field(default_factory=set)  # written in, and not closed yet
    closed: dict[int, tuple[datetime, dict[date, dict[int, Told]]]] = field(default_factory=dict)

    def today(self, now: datetime) -> date:
        """D3, never before what was today already (D4), and Y7."""
        day = max(days.day_of(now, self.zone, self.day_end_hour), self.latest_day)
        if self.old_year_until and now < self.old_year_until[1]:
            return min(day, date(self.old_year_until[0], 12, 31))
        return day

    def of_today(self, now: datetime) -> dict[int, Told]:
        return self.entries.get(self.today(now), {})

    def slot_of(self, tap: str, now: datetime) -> int | None:
        for slot, (_, name, _note) in self.of_today(now).items():
            if name == tap:
                return slot
        return None

    def answer(self, act: "Act", now: datetime) -> str:
        """Carry it out, the first time that it comes; each further time the answer is the same."""
        today = self.today(now)
        if act.day > today + timedelta(days=2):
            return LOCKED  # no page has ever shown that day
        if act.tap not in self.answers:
            self._forget_answers(today)
            told = LOCKED if act.day != today else self._carry_out(act, now)
            self.answers[act.tap] = max(act.day, today), told
        return self.answers[act.tap][1]

    def _forget_answers(self, today: date) -> None:
        """What was sent just before midnight may come again just after."""
        yesterday = today - timedelta(days=1)
        self.answers = {tap: kept for tap, kept in self.answers.items() if kept[0] >= yesterday}

    def _carry_out(self, act: "Act", now: datetime) -> str:
        today, present = self.today(now), self.of_today(now)
        slot = self.slot_of(act.was, now)
        if act.kind == "record":
            free = [slot for slot in (1, 2) if slot not in present]
            if not free:
                return "DayFull"
            self.entries.setdefault(today, {})[free[0]] = (act.mood, act.tap, "")
            self.latest_day = max(self.latest_day, today)
            self.told_years.add(today.year)
        elif act.kind == "take_back":
            present.pop(slot, None)
        elif act.kind == "note" and len(act.note) > 280:
            return "NoteTooLong"
        elif slot is None:
            return "EntryGone"
        elif act.kind == "change":
            present[slot] = (act.mood, act.tap, present[slot][2])
        else:
            present[slot] = (*present[slot][:2], act.note)
        return DONE

    def move(self, zone: str, day_end_hour: int, now: datetime) -> None:
        """Today does not go back, and the year does not end sooner than in a day (D4, Y7)."""
        today = self.today(now)
        end = days.year_ends_at(today, self.zone, self.day_end_hour)
        if self.old_year_until:
            end = max(end, self.old_year_until[1])
        self.latest_day = max(self.latest_day, today)
        self.old_year_until = today.year, min(end, now + timedelta(days=1))
        self.zone, self.day_end_hour = zone, day_end_hour

    def close_years(self, now: datetime) -> None:
        """Each year that has ended goes from the diary into a record of its own (Y1, Y2)."""
        today = self.today(now)
        for year in sorted(year for year in self.told_years if year < today.year):
            moods = {day: told for day, told in self.entries.items() if day.year == year and told}
            self.entries = {day: t for day, t in self.entries.items() if day.year != year}
            self._forget_answers(today)
            self.told_years.discard(year)
            self.latest_day = max(self.latest_day, today)
            if moods:
                self.closed[year] = now, moods

    def board(self, now: datetime) -> dict[date, dict[int, Told]]:
        """What their page shows: the current year alone (D7)."""
        year = self.today(now).year
        return {day: told for day, told in self.entries.items() if day.year == year and told}
