import subprocess
import sys


def test_what_a_start_leaves_is_searched_for_garbage_no_more():
    code = (
        "import gc; from moodtracker import garbage; garbage.settle(); print(gc.get_freeze_count())"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(ended.stdout) > 1000
