"""What has to be so before the framework is loaded; `main.py` imports it first, which does it.

Python's garbage collector looks again and again through what a start makes, which all stays: it
rests until the start is done (`garbage.py`). And what libraries load where it is installed, and do
well without, is not there for them: 12 MB and a fifth of a start.
"""

import gc
import os
import sys

_DONE_WITHOUT = (
    "aiohttp",  # by which Socket.IO's library is a client; this is a server
    "requests",  # the same
    "pydantic.v1",  # by which FastAPI recognizes models of Pydantic 1; there are none
    "watchfiles",  # by which Uvicorn starts anew when a source file changes
)

gc.disable()
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "1"  # it would look for some in every installed package
for _name in _DONE_WITHOUT:
    # None in there: whoever imports it finds that it is not installed (Python's import system).
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]
