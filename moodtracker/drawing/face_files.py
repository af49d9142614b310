"""The files of `assets/` that are drawn of the faces: `make docs` writes them."""

import sys
from pathlib import Path

from moodtracker.drawing import faces
from moodtracker.moods import Mood


def contents() -> dict[str, str]:
    """What each holds, by name: the app's icon, and the faces for squares as CSS properties."""
    return {
        "icon.svg": faces.standalone(Mood.GREAT) + "\n",
        "faces.css": f":root {{ {faces.for_squares()} }}\n",
    }


if __name__ == "__main__":
    for name, content in contents().items():
        (Path(sys.argv[1]) / name).write_text(content, encoding="utf-8")
