import subprocess
import sys

import pytest

FEW, MANY = 100, 5000
A_DAY = 24 * 60  # looks
_CIRCLE = """
import gc, weakref
from moodtracker.garbage import FullSearches

class Circle:
    pass

searches = FullSearches()
circle = Circle()
circle.itself = circle
alive = weakref.ref(circle)
for _ in range({searched}):
    gc.collect(1)  # it is old by then
del circle
for _ in range({looks}):
    searches.look({pages})
print(alive() is None)
"""


def said(code):
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout.strip()


def test_what_a_start_leaves_is_searched_for_garbage_no_more():
    code = (
        "import gc; from moodtracker import garbage; garbage.settle(); print(gc.get_freeze_count())"
    )
    assert int(said(code)) > 1000


@pytest.mark.parametrize(
    ("pages", "looks", "is_found"),
    [(FEW, 1, True), (MANY, 1, False), (MANY, A_DAY - 1, False), (MANY, A_DAY, True)],
)
def test_old_garbage_is_found_while_few_pages_are_open_or_after_a_day(pages, looks, is_found):
    assert said(_CIRCLE.format(pages=pages, looks=looks, searched=10)) == str(is_found)


def test_where_little_has_grown_old_nothing_is_searched():
    assert said(_CIRCLE.format(pages=FEW, looks=A_DAY, searched=1)) == "False"
