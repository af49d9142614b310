"""What the board page costs the server, beside NiceGUI's floor: a page with one label.

Both are served by processes of their own and asked in turn, so that a noisy machine is noisy for
both. Run as `python -m benchmarks.page`; the board is the demo's full year, signed in, on SQLite.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from moodtracker import demo
from moodtracker.accounts import sessions
from moodtracker.database import Database

_ROOT = Path(__file__).resolve().parents[1]
_ROUNDS = 200
_WARM_UP = 20
_ONE_LABEL = """
from nicegui import ui
@ui.page("/")
def page(): ui.label("hello")
ui.run(port=PORT, show=False, reload=False, show_welcome_message=False, tailwind=False)
"""


@contextmanager
def _serving(command: list[str], port: int, folder: str, **settings: str) -> Iterator[str]:
    environment = os.environ | {f"MOODTRACKER_{name}": value for name, value in settings.items()}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(200):
            try:
                httpx.get(address)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Print medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/moodtracker.db")
        database.migrate()
        person, _ = demo.make_up(database)
        cookie = sessions.open_session(database, person.id)
        database.close()
        board_port, label_port = _free_port(), _free_port()
        label = Path(folder) / "label.py"
        label.write_text(_ONE_LABEL.replace("PORT", str(label_port)))
        with (
            _serving(
                [sys.executable, str(_ROOT / "main.py")],
                board_port,
                folder,
                DATA_DIR=folder,
                PORT=str(board_port),
            ) as board_url,
            _serving([sys.executable, str(label)], label_port, folder) as label_url,
            httpx.Client(headers={"Accept-Encoding": "gzip"}) as client,
        ):
            pages = {
                "board": (board_url, {"Cookie": f"moodtracker={cookie}"}),
                "one label": (label_url, {}),
            }
            times: dict[str, list[float]] = {name: [] for name in pages}
            sizes: dict[str, int] = {}
            for _ in range(_WARM_UP + _ROUNDS):
                for name, (url, headers) in pages.items():
                    begun = time.perf_counter()
                    with client.stream("GET", url, headers=headers) as answer:
                        sizes[name] = sum(len(chunk) for chunk in answer.iter_raw())
                    times[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(taken[_WARM_UP:]) for name, taken in times.items()}
    for name, median in medians.items():
        print(f"{name:10} {median * 1000:6.2f} ms   {sizes[name]:6} bytes, compressed")
    print(f"ratio      {medians['board'] / medians['one label']:6.2f}")


if __name__ == "__main__":
    main()
