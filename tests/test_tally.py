"""A tally is what some days come to, and two of them add up."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from moodtracker.moods import Mood
from moodtracker.tally import EMPTY, Tally

picks = st.lists(
    st.tuples(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.sampled_from(Mood)), max_size=80
)


def tally(picked: list[tuple[date, Mood]]) -> Tally:
    return Tally.of([(day.isoformat(), mood, f"{day} 12:00:00") for day, mood in picked])


def test_each_mood_counts_for_its_month_and_its_weekday() -> None:
    monday = date(2026, 11, 23)
    found = tally([(monday, Mood.GOOD), (monday, Mood.GOOD)])
    assert found.months[10] == (0, 0, 0, 2, 0)
    assert found.weekdays[0] == (0, 0, 0, 2, 0)
    assert found.moods[Mood.GOOD] == 2
    assert (found.days, sum(map(sum, found.months)), sum(map(sum, found.weekdays))) == (1, 2, 2)


@given(picks)
def test_nothing_is_counted_twice_or_left_out(picked: list[tuple[date, Mood]]) -> None:
    found = tally(picked)
    assert found.moods == {mood: sum(other is mood for _, other in picked) for mood in Mood}
    assert sum(map(sum, found.months)) == sum(map(sum, found.weekdays)) == len(picked)


@given(picks, picks)
def test_tallies_of_different_days_add_up(
    some: list[tuple[date, Mood]], others: list[tuple[date, Mood]]
) -> None:
    others = [pick for pick in others if pick[0] not in {day for day, _ in some}]
    assert tally(some) + tally(others) == tally([*some, *others])
    assert tally(some) + EMPTY == tally(some)
