"""Whether all that people were told of their acts can be true: is a history linearizable?

A history is what was asked and answered, and when, and the states that the database went through.
It is right if each act can be given one moment, between its first sending and its first answer, so
that in the order of these moments the rules of the day lead from each state to the next one and to
each answer. An act that is sent again is the same act: it has one moment, and one answer. One that
was refused changes nothing, ever; one that was never answered did its work once, or not at all.

The search is Wing and Gong's ("Testing and verifying concurrent objects", 1993) with a memory of
the places that led nowhere (Lowe, 2017), as in Knossos. What goes wrong often has a name as well:
:func:`faults` says it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

RECORD, CHANGE, TAKE_BACK, NOTE = "record", "change", "take_back", "note"
SLOTS = (1, 2)
NOBODY_YET = "nobody yet"  # the way of an act that was made where there was no connection
# The times of answers and those of the database come from two clocks of one machine.
_SLACK_SECONDS = 0.25


class Entry(NamedTuple):
    """One mood, as a row and a page have it."""

    mood: int
    tap: str
    note: str = ""


Place = tuple[str, int]  # a day and a slot
Diary = dict[Place, Entry]  # all that one person's diary holds


@dataclass(frozen=True)
class Act:
    """What a page sends, once or several times; ``was`` is the tap that made the entry it is to."""

    tap: str
    kind: str
    day: str
    was: str = ""
    mood: int = 0
    text: str = ""

    def __str__(self) -> str:
        """Short, for a report."""
        of = f" of {self.was[-6:]}" if self.was else ""
        return f"{self.kind} {self.tap[-6:]}{of}"


@dataclass
class Operation:
    """An act and what was heard of it; times are of one monotonic clock."""

    act: Act
    sent: list[tuple[float, str]] = field(default_factory=list)  # when, and by which way
    answers: list[tuple[float, bool]] = field(default_factory=list)  # when; done, or refused
    out_of_reach: bool = False  # its tab was away meanwhile, and had no answer sooner

    @property
    def begun(self) -> float:
        """When it was first sent."""
        return self.sent[0][0]

    @property
    def times_sent(self) -> int:
        """How often it was on its way, to any instance."""
        return sum(way != NOBODY_YET for _, way in self.sent)

    @property
    def ended(self) -> float:
        """When its person was first told what came of it."""
        return self.answers[0][0] if self.answers else inf

    @property
    def done(self) -> bool | None:
        """What they were told: done, or refused; None: nothing."""
        return self.answers[0][1] if self.answers else None

    def __str__(self) -> str:
        """What was sent when and by which way, and what was answered."""
        sent = ", ".join(f"{at:.2f} to {way}" for at, way in self.sent)
        told = ", ".join(f"{('refused', 'done')[done]} at {at:.2f}" for at, done in self.answers)
        return f"{self.act} (sent {sent}; {told or 'never answered'})"


class State(NamedTuple):
    """What the diary holds from a moment on."""

    at: float
    diary: Diary


class Midnight(NamedTuple):
    """The day that begins, and between which moments it does."""

    day: str
    earliest: float
    latest: float


@dataclass
class History:
    """All about one person."""

    first_day: str
    operations: list[Operation]
    states: list[State]  # the first one is of before all acts
    midnights: list[Midnight] = field(default_factory=list)

    def days_at(self, at: float) -> set[str]:
        """The days that it may have been then: two, about midnight."""
        return days_at(at, self.first_day, self.midnights)


def days_at(at: float, first_day: str, midnights: Sequence[Midnight]) -> set[str]:
    """The days that it may be at a moment: two, about midnight."""
    days = [Midnight(first_day, -inf, -inf), *midnights]
    ends = [night.latest for night in midnights] + [inf]
    return {day.day for day, end in zip(days, ends, strict=True) if day.earliest <= at <= end}


class Fault(NamedTuple):
    """What went wrong, by its name, and with which acts."""

    kind: str
    what: str

    def __str__(self) -> str:
        """As a line of a report."""
        return f"{self.kind}: {self.what}"


def carry_out(act: Act, today: str, diary: Diary) -> tuple[Diary, bool]:
    """The rules of the day: the diary after an act, and whether it is done or refused."""
    if act.day != today:
        return diary, False
    here = {slot: diary[today, slot] for slot in SLOTS if (today, slot) in diary}
    if act.kind == RECORD:
        free = [slot for slot in SLOTS if slot not in here]
        if not free:
            return diary, False
        return diary | {(today, free[0]): Entry(act.mood, act.tap)}, True
    slot = next((slot for slot, entry in here.items() if entry.tap == act.was), None)
    if act.kind == TAKE_BACK:
        return {place: diary[place] for place in diary if place != (today, slot)}, True
    if slot is None:
        return diary, False
    entry = here[slot]
    if act.kind == CHANGE:
        changed = entry._replace(mood=act.mood, tap=act.tap)
    else:
        changed = entry._replace(note=act.text)
    return diary | {(today, slot): changed}, True


# --- The search ----------------------------------------------------------------------------------


def is_linearizable(history: History) -> bool:
    """Whether there is an order of the acts that explains all states and all answers."""
    return _furthest(history) is None


def _furthest(history: History) -> int | None:
    """None where all is explained, else how many changes of the diary are, at the most."""
    todo = sorted((each for each in history.operations if each.sent), key=lambda each: each.begun)
    diaries = [state.diary for state in history.states]
    nights = history.midnights
    answered = sum(1 << number for number, each in enumerate(todo) if each.answers)
    tried: set[tuple[int, int, int]] = set()
    furthest = 0
    # Places in the search: which acts have had their moment, how many states and midnights have.
    places = [(0, 0, 0)]
    while places:
        place = places.pop()
        if place in tried:
            continue
        tried.add(place)
        past, state, night = place
        furthest = max(furthest, state)
        if past & answered == answered and state == len(diaries) - 1:
            return None
        today = nights[night - 1].day if night else history.first_day
        following = diaries[state + 1] if state + 1 < len(diaries) else None
        coming = nights[night] if night < len(nights) else None
        waiting = _that_may_be_next(todo, past, coming.latest if coming else inf)
        next_places = []
        for number, each in waiting:
            after, is_done = carry_out(each.act, today, diaries[state])
            if each.done not in (is_done, None):
                continue
            if after != diaries[state]:
                if after == following:
                    next_places.append((past | 1 << number, state + 1, night))
            elif each.done:  # nothing was left to do, now; it may have been the cause of more
                next_places.append((past | 1 << number, state, night))
            elif each.answers:  # refused, and rightly: no other moment would be better
                next_places = [(past | 1 << number, state, night)]
                break
        else:
            if coming and all(coming.earliest <= each.ended for _, each in waiting):
                next_places.append((past, state, night + 1))
        places += next_places
    return furthest


def _that_may_be_next(
    todo: list[Operation], past: int, no_later: float
) -> list[tuple[int, Operation]]:
    """Of the acts without a moment those that began before any other of them had ended."""
    found = []
    earliest_end = no_later
    for number, each in enumerate(todo):
        if past >> number & 1:
            continue
        if each.begun > earliest_end:
            break
        earliest_end = min(earliest_end, each.ended)
        found.append((number, each))
    return [(number, each) for number, each in found if each.begun <= earliest_end]


# --- What goes wrong, by name --------------------------------------------------------------------

DOUBLED = "one tap counted twice"
REVIVED = "there again after it was gone"
OVERWRITTEN = "an older note over a newer one"
LOST = "told done, and never carried out"
REFUSED = "told refused, though carried out"
LATE = "carried out after the answer"
TWO_ANSWERS = "told done and refused"
THIRD = "a third mood"
OTHER_DAY = "another day than today was written"
NOBODY = "changed by nobody's act"
UNEXPLAINED = "no order of the acts explains it"


class _Effect(NamedTuple):
    at: float
    place: Place
    before: Entry | None
    after: Entry | None

    @property
    def kind(self) -> str:
        """Of the acts that do such a thing."""
        if self.before is None:
            return RECORD
        if self.after is None:
            return TAKE_BACK
        return CHANGE if self.before.tap != self.after.tap else NOTE

    def is_of(self, act: Act) -> bool:
        """Whether ``act`` may have done it."""
        if self.kind != act.kind:
            return False
        if act.kind == TAKE_BACK:
            return self.before is not None and self.before.tap == act.was
        if act.kind == NOTE:
            return self.after is not None and self.after.note == act.text
        return self.after is not None and self.after.tap == act.tap


def faults(history: History) -> list[Fault]:
    """All that is wrong, by name where it has one; nothing where the history is right."""
    found: list[Fault] = []
    effects = list(_effects(history))
    for state in history.states:
        for day, entries in Counter(day for day, _ in state.diary).items():
            if entries > len(SLOTS) or any(slot not in SLOTS for _, slot in state.diary):
                found.append(Fault(THIRD, f"{entries} on {day}"))
    for effect in effects:
        if not any(effect.is_of(each.act) for each in history.operations):
            found.append(Fault(NOBODY, f"{effect.before} became {effect.after}"))
    found += _of_other_days(history, effects)
    for each in history.operations:
        if len({done for _, done in each.answers}) > 1:
            found.append(Fault(TWO_ANSWERS, str(each)))
        mine = [effect for effect in effects if effect.is_of(each.act)]
        found += _of_one(each, mine, effects)
    stuck_at = _furthest(history)
    if stuck_at is not None:
        found.append(Fault(UNEXPLAINED, _around(history, effects, stuck_at)))
    return list(dict.fromkeys(found))


def _of_other_days(history: History, effects: list[_Effect]) -> Iterator[Fault]:
    """What was written on days that were over, or had not begun.

    Whether it is today is decided between an act's first sending and its effect.
    """
    found: dict[str, list[float]] = {}
    for effect in effects:
        day = effect.place[0]
        causes = [each.begun for each in history.operations if effect.is_of(each.act)]
        moments = [effect.at, *causes]
        if not any(day in history.days_at(moment) for moment in moments):
            found.setdefault(day, []).append(effect.at)
    for day, at in found.items():
        nights = ", ".join(
            f"{night.day} began at {night.latest:.2f}" for night in history.midnights
        )
        yield Fault(
            OTHER_DAY, f"{day}, {len(at)} times from {at[0]:.2f} to {at[-1]:.2f}, while {nights}"
        )


def _of_one(each: Operation, mine: list[_Effect], effects: list[_Effect]) -> Iterator[Fault]:
    """What is wrong with one act, as far as that can be seen without the others."""
    named = each.act.kind in (RECORD, CHANGE) or (each.act.kind == NOTE and each.act.text)
    if not named:  # whose effects say not whose they are
        return
    if len(mine) > 1:
        if each.act.kind == NOTE:
            kind = OVERWRITTEN
        else:
            kind = REVIVED if _was_gone(mine, effects) else DOUBLED
        yield Fault(kind, f"{each}, carried out {_times(mine)}")
    if mine and each.done is False:
        yield Fault(REFUSED, f"{each}, carried out {_times(mine)}")
    if mine and mine[-1].at > each.ended + _SLACK_SECONDS:
        yield Fault(LATE, f"{each}, carried out {_times(mine)}")
    if each.done and not mine:
        yield Fault(LOST, str(each))


def _was_gone(mine: list[_Effect], effects: list[_Effect]) -> bool:
    """Whether the entry that an act made was taken back before the act was done once more."""
    between = effects[effects.index(mine[0]) + 1 : effects.index(mine[1])]
    return any(effect.place == mine[0].place and effect.after is None for effect in between)


def _times(effects: list[_Effect]) -> str:
    return " and ".join(f"at {effect.at:.2f}" for effect in effects)


def _effects(history: History) -> Iterator[_Effect]:
    """What became of the diary, step by step."""
    for before, after in zip(history.states, history.states[1:], strict=False):
        for place in sorted(before.diary.keys() | after.diary.keys()):
            if before.diary.get(place) != after.diary.get(place):
                yield _Effect(after.at, place, before.diary.get(place), after.diary.get(place))


def _around(history: History, effects: list[_Effect], stuck_at: int) -> str:
    """What is told of the place beyond which no order was found, and the acts that meet there."""
    if stuck_at >= len(effects):
        return "the last answers"
    effect = effects[stuck_at]
    taps = {entry.tap for entry in (effect.before, effect.after) if entry}
    acts = [each for each in history.operations if taps & {each.act.tap, each.act.was}]
    what = f"at {effect.at:.2f} {effect.before} became {effect.after}"
    return what + "".join(f"\n      {each}" for each in acts)
