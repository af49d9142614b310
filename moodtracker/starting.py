"""What has to be so before the framework is loaded; `main.py` imports it first, which does it.

- Python's garbage collector looks again and again through what a start makes, which all stays: it
  rests until the start is done (`garbage.py`).
- Socket.IO's library is a server's and a client's, and loads the client's HTTP libraries where they
  are installed, as NiceGUI wants them to be: 9 MB and a sixth of a start for a client that is none
  here. Without them, which it provides for, it is the same server.
"""

import gc
import sys

gc.disable()
for _name in ("aiohttp", "requests"):
    # None in there: whoever imports it finds that it is not installed (Python's import system).
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]
