import resource
import subprocess
import sys

import pytest

_RAISE = """
import resource
from moodtracker import open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {most}))
open_files.allow_many()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("limit", "most"), [(256, 2048), (2048, 2048)])
def test_a_process_may_open_as_many_files_as_the_system_lets_it(limit, most):
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= most
    told = subprocess.run(
        [sys.executable, "-c", _RAISE.format(limit=limit, most=most)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["2048", "2048"]
