import subprocess
import sys

import pytest


def in_a_new_process(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout.strip()


@pytest.mark.parametrize("name", ["aiohttp", "requests", "pydantic.v1", "watchfiles", "PIL"])
def test_a_start_does_not_load_what_no_page_needs(name: str) -> None:
    assert in_a_new_process(f"import main, sys; print(sys.modules.get({name!r}))") == "None"


def test_the_garbage_collector_rests_until_the_start_is_done() -> None:
    code = (
        "import gc, main; from moodtracker import garbage; before = gc.isenabled();"
        "garbage.settle(); print(before, gc.isenabled())"
    )
    assert in_a_new_process(code) == "False True"


def test_a_picture_is_painted_in_a_process_that_has_begun_without_what_paints() -> None:
    code = (
        "import main; from moodtracker.drawing import painting; from moodtracker.moods import Mood;"
        "print(painting.face(Mood.GREAT, 24)[:4])"
    )
    assert in_a_new_process(code) == repr(b"\x89PNG")
