"""The checker of histories finds each kind of fault in a history made by hand, and no other."""

import pytest

from support.histories import (
    DOUBLED,
    LATE,
    LOST,
    NOBODY,
    OTHER_DAY,
    OVERWRITTEN,
    REFUSED,
    REVIVED,
    THIRD,
    TWO_ANSWERS,
    UNEXPLAINED,
    Act,
    Entry,
    History,
    Midnight,
    Operation,
    State,
    faults,
    is_linearizable,
)

DAY, NEXT = "2026-11-28", "2026-11-29"


def record(tap, mood=4, day=DAY):
    return Act(tap, "record", day, mood=mood)


def change(tap, was, mood=2, day=DAY):
    return Act(tap, "change", day, was, mood=mood)


def take_back(was, tap="t9"):
    return Act(tap, "take_back", DAY, was)


def note(tap, was, text):
    return Act(tap, "note", DAY, was, text=text)


def op(act, begun, ended=None, done=True, again=()):
    """An act that was sent at ``begun``, and answered at ``ended`` if it was."""
    sent = [(begun, "a"), *((at, "b") for at in again)]
    return Operation(act, sent, [] if ended is None else [(ended, done)])


def states(*diaries):
    """What the diary held after each change, at 0, 1, 2...: by slot; or by day and slot."""
    return [
        State(
            at, {where if isinstance(where, tuple) else (DAY, where): e for where, e in d.items()}
        )
        for at, d in enumerate(diaries)
    ]


def history(operations, kept, midnights=()):
    return History(DAY, operations, kept, list(midnights))


A, B = Entry(4, "t1"), Entry(2, "t2")
RIGHT = {
    "nothing at all": history([], states({})),
    "one after the other": history(
        [op(record("t1"), 0.5, 1.5), op(change("t2", "t1"), 1.6, 2.5), op(take_back("t2"), 2.6, 4)],
        states({}, {1: A}, {1: B}, {}),
    ),
    "a third mood that is refused": history(
        [
            op(record("t1"), 0.5, 1.5),
            op(record("t2", 2), 1.6, 2.5),
            op(record("t3"), 2.6, 3, done=False),
        ],
        states({}, {1: A}, {1: A, 2: B}),
    ),
    "two at once, in the other order than they were sent": history(
        [op(record("t1"), 0.1, 3), op(record("t2", 2), 0.2, 3)],
        states({}, {1: B}, {1: B, 2: A}),
    ),
    "of two at once for one slot either is refused": history(
        [
            op(record("t1"), 0.5, 1.5),
            op(record("t2", 2), 1.6, 3),
            op(record("t3"), 1.7, 3, done=False),
        ],
        states({}, {1: A}, {1: A, 2: B}),
    ),
    "sent three times, done once": history(
        [op(record("t1"), 0.5, 9, again=(3.5, 6.5))], states({}, {1: A})
    ),
    "never answered, and done": history([op(record("t1"), 0.5)], states({}, {1: A})),
    "never answered, and not done": history([op(record("t1"), 0.5)], states({})),
    "never answered, and done long after": history(
        [op(record("t1"), 0.1), op(record("t2", 2), 0.2, 1.1)], states({}, {1: B}, {1: B, 2: A})
    ),
    "taken back twice": history(
        [
            op(record("t1"), 0.5, 1.5),
            op(take_back("t1"), 1.6, 3),
            op(take_back("t1", "t8"), 1.7, 3),
        ],
        states({}, {1: A}, {}),
    ),
    "a change to what another page has changed already": history(
        [
            op(record("t1"), 0.5, 1.5),
            op(change("t2", "t1"), 1.6, 3),
            op(change("t3", "t1"), 2.1, 3, done=False),
        ],
        states({}, {1: A}, {1: B}),
    ),
    "the newer note stays": history(
        [
            op(record("t1"), 0.5, 1.5),
            op(note("n1", "t1", "older"), 1.6, 9, again=(4,)),
            op(note("n2", "t1", "newer"), 2.6, 3.5),
        ],
        states({}, {1: A}, {1: A._replace(note="older")}, {1: A._replace(note="newer")}),
    ),
    "asked for before the day ends, and written just after": history(
        [op(record("t1"), 0.5, 1.5)],
        states({}, {1: A}),
        [Midnight(NEXT, 0.6, 0.7)],
    ),
    "the day ends": history(
        [
            op(record("t1"), 0.5, 1.1),
            op(record("t2", 2), 1.8, 3, done=False),
            op(record("t3", 4, NEXT), 1.7, 3),
        ],
        states({}, {1: A}, {1: A, (NEXT, 1): Entry(4, "t3")}),
        [Midnight(NEXT, 1.5, 1.7)],
    ),
}
WRONG = {
    "changed elsewhere and recorded once more": (
        history(
            [op(record("t1"), 0.5, 9, again=(2.5,)), op(change("t2", "t1"), 1.6, 2.4)],
            states({}, {1: A}, {1: B}, {1: B, 2: A}),
        ),
        DOUBLED,
    ),
    "taken back and recorded once more": (
        history(
            [op(record("t1"), 0.5, 9, again=(2.5,)), op(take_back("t1"), 1.6, 2.4)],
            states({}, {1: A}, {}, {1: A}),
        ),
        REVIVED,
    ),
    "shown as saved and not there": (history([op(record("t1"), 0.5, 1.5)], states({})), LOST),
    "there, and then gone by itself": (
        history([op(record("t1"), 0.5, 1.5)], states({}, {1: A}, {})),
        NOBODY,
    ),
    "an older note that came again": (
        history(
            [
                op(record("t1"), 0.5, 1.5),
                op(note("n1", "t1", "older"), 1.6, 9, again=(3.5,)),
                op(note("n2", "t1", "newer"), 2.6, 3.5),
            ],
            states(
                {},
                {1: A},
                {1: A._replace(note="older")},
                {1: A._replace(note="newer")},
                {1: A._replace(note="older")},
            ),
        ),
        OVERWRITTEN,
    ),
    "a change that was carried out, and whose second sending was refused": (
        history(
            [
                op(record("t1"), 0.5, 1.5),
                op(change("t2", "t1"), 1.6, 4, done=False, again=(3.6,)),
                op(change("t3", "t2", 5), 2.5, 3.5),
            ],
            states({}, {1: A}, {1: B}, {1: Entry(5, "t3")}),
        ),
        REFUSED,
    ),
    "refused, and carried out later by an instance that was frozen": (
        history(
            [
                op(record("t1"), 0.1, 1.5),
                op(record("t2", 2), 0.2, 2.5),
                op(record("t3"), 2.1, 2.6, done=False, again=(2.3,)),
                op(take_back("t1"), 2.7, 3.5),
            ],
            states({}, {1: A}, {1: A, 2: B}, {2: B}, {1: Entry(4, "t3"), 2: B}),
        ),
        LATE,
    ),
    "done to one page and refused to another": (
        history(
            [Operation(record("t1"), [(0.5, "a"), (1, "b")], [(1.2, True), (1.4, False)])],
            states({}, {1: A}),
        ),
        TWO_ANSWERS,
    ),
    "a third mood": (
        history(
            [op(record(f"t{n}"), 0.1, 9) for n in (1, 2, 3)],
            states({}, {1: A}, {1: A, 2: Entry(4, "t2")}, {1: A, 2: Entry(4, "t2"), 3: B}),
        ),
        THIRD,
    ),
    "a past day": (
        history(
            [op(record("t1"), 2.5, 3.5)],
            [State(0, {}), State(3, {(DAY, 1): A})],
            [Midnight(NEXT, 1, 1.2)],
        ),
        OTHER_DAY,
    ),
    "a day that has not begun": (
        history(
            [op(record("t1", day=NEXT), 0.5, 1.5)],
            states({}, {(NEXT, 1): A}),
            [Midnight(NEXT, 9, 9.2)],
        ),
        OTHER_DAY,
    ),
    "a third that was told it is done": (
        history(
            [
                op(record("t1"), 0.5, 1.5),
                op(record("t2", 2), 1.6, 2.5),
                op(take_back("t3"), 2.6, 3, done=False),
            ],
            states({}, {1: A}, {1: A, 2: B}),
        ),
        UNEXPLAINED,
    ),
    "refused while there was room": (
        history([op(record("t1"), 0.5, 1.5, done=False)], states({})),
        UNEXPLAINED,
    ),
    "carried out before it was sent": (
        history(
            [op(record("t1"), 1.5, 2.5), op(record("t2", 2), 0.5, 1.4)],
            states({}, {1: A}, {1: A, 2: B}),
        ),
        UNEXPLAINED,
    ),
}


@pytest.mark.parametrize("right", RIGHT.values(), ids=RIGHT)
def test_a_history_that_the_rules_explain_is_right(right):
    assert is_linearizable(right)
    assert faults(right) == []


@pytest.mark.parametrize(("wrong", "kind"), WRONG.values(), ids=WRONG)
def test_a_history_that_no_order_of_its_acts_explains_is_told_by_its_fault(wrong, kind):
    assert kind in {fault.kind for fault in faults(wrong)}


@pytest.mark.parametrize(("wrong", "kind"), WRONG.values(), ids=WRONG)
def test_what_has_a_name_is_not_linearizable_either(wrong, kind):
    if kind != TWO_ANSWERS:  # the first answer was right
        assert not is_linearizable(wrong)


def test_a_long_history_of_three_pages_is_checked_soon():
    """Each of many acts overlaps the four before it, and every fifth is never answered."""
    operations, kept = [], [{}]
    for number in range(0, 600, 4):
        first, second = Entry(4, f"t{number}"), Entry(4, f"t{number + 1}")
        kept += [{1: first}, {1: first, 2: second}, {2: second}, {}]
        acts = [record(first.tap), record(second.tap), *map(take_back, (first.tap, second.tap))]
        for at, act in enumerate(acts, start=number + 1):
            operations.append(op(act, at - 2.5, at + 1.5 if at % 5 else None))
    assert is_linearizable(history(operations, states(*kept)))
    gone = operations.pop(400)
    assert not is_linearizable(history(operations, states(*kept))), gone
