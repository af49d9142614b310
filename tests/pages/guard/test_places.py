"""How much of something may be held at once."""

from hypothesis import given
from hypothesis import strategies as st

from pages.guard.places import Places
from pages.guard.rate import Rate


def test_there_is_room_until_a_group_holds_its_most():
    places = Places()
    for held in range(3):
        assert places.has_room({"ada": 3, "everybody": 5})
        places.take(held, {"ada": 3, "everybody": 5})
    assert not places.has_room({"ada": 3, "everybody": 5})
    assert places.has_room({"grace": 3, "everybody": 5})


def test_what_leaves_makes_room():
    places = Places()
    places.take("page", {"ada": 1})
    places.leave("page")
    places.leave("page")
    assert places.has_room({"ada": 1})
    assert len(places) == 0


def test_the_oldest_goes_for_one_too_many():
    places = Places()
    for held in "abc":
        assert places.take(held, {"ada": 3}) == []
    assert places.take("d", {"ada": 3}) == ["a"]
    assert places.take("e", {"grace": 3}) == []


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.booleans())))
def test_no_group_ever_holds_more_than_its_most(steps):
    places, held = Places(), []
    for number, (name, goes) in enumerate(steps):
        gone = places.take(number, {name: 2, "all": 4})
        held = [(one, group) for one, group in [*held, (number, name)] if one not in gone]
        if goes:
            places.leave(held.pop(0)[0])
        groups = [group for _, group in held]
        assert len(places) == len(held) <= 4
        assert all(groups.count(group) <= 2 for group in groups)


def test_a_rate_allows_so_many_at_once_and_then_so_many_a_second(monkeypatch):
    now = 100.0
    monkeypatch.setattr("pages.guard.rate.time.monotonic", lambda: now)
    rate = Rate(5, 2)
    assert [rate.allows_one_more() for _ in range(6)] == [True] * 5 + [False]
    now += 1
    assert [rate.allows_one_more() for _ in range(3)] == [True, True, False]
    now += 3600
    assert [rate.allows_one_more() for _ in range(6)] == [True] * 5 + [False]
