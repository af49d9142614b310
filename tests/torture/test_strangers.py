"""What floods of strangers do to who belongs here: taps, sign-ins and memory stay as they are."""

from math import inf

import pytest

from benchmarks.strangers import FLOODS, PAGES, flooded
from support.loops import run
from support.rounds import rounds
from support.server import free_port

SECONDS = min(60, rounds(6))
IS_AT_LENGTH = rounds(10) > 10
# A start and its libraries are 120 MB of it, two passwords that are hashed at a time 128 MB.
MOST_MEMORY = 300 << 20


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_strangers_keeps_nobody_from_their_board(name):
    """Limits in seconds are asserted at length alone, where the machine is not busy otherwise."""
    seen, answers = run(flooded(name, free_port(), SECONDS))
    print(f"{name}: {seen}; strangers' answers: {dict(answers)}")
    assert inf not in seen.taps
    assert inf not in seen.sign_ins
    assert seen.memory < MOST_MEMORY
    asked = sum(number for answer, number in answers.items() if answer.isdecimal())
    is_of_requests = name.startswith(("GET", "POST"))
    assert answers["429"] or not is_of_requests
    if IS_AT_LENGTH:
        assert answers["429"] > asked / 2 or not is_of_requests
        assert seen.tap_p99 < 0.25
        assert max(seen.sign_ins) < 3
        assert name != f"{PAGES} pages held" or asked == PAGES
