"""The page of the documents that tells of every setting: `python -m moodtracker.settings_page`."""

import ast
import inspect
from datetime import time
from itertools import pairwise
from pathlib import Path
from typing import cast

from pydantic.fields import FieldInfo

from moodtracker.settings import SECRETS, Settings

_HEAD = """# Settings

<!-- Made from moodtracker/settings.py by `make docs`; change it there. -->

Each is read from the environment or from a file `.env` in the folder that Moodtracker is started
in. A value that cannot be is said at the start, by the name of its setting. Each name begins with
`MOODTRACKER_`.

| name | default | meaning |
|---|---|---|
"""
_FOOT = """
A secret can be kept in a file of its own: name the file in {files} instead.

`moodtracker check` says whether what you set fits together, and works.
"""

# Defaults that follow from other settings.
_DERIVED = {
    "database_url": "`sqlite:///DATA_DIR/moodtracker.db`",
    "base_url": "`http://localhost:PORT`",
    "secret_key": "made in `DATA_DIR`",
}


def text() -> str:
    """The whole page, as Markdown."""
    files = [f"{name}_file" for name in SECRETS]
    meaning = meanings()
    lines = [
        f"| `{name.upper()}` | {_default(name, field)} | {meaning[name]} |"
        for name, field in Settings.model_fields.items()
        if name not in files
    ]
    *most, last = (f"`{name.upper()}`" for name in files)
    return _HEAD + "\n".join(lines) + "\n" + _FOOT.format(files=f"{', '.join(most)} or {last}")


def meanings() -> dict[str, str]:
    """What stands below each setting in the class, by the setting's name."""
    settings = cast("ast.ClassDef", ast.parse(inspect.getsource(Settings)).body[0])
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(settings.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def _default(name: str, field: FieldInfo) -> str:
    if name in _DERIVED:
        return _DERIVED[name]
    if field.default in (None, ()):
        return "none"
    if isinstance(field.default, time):
        return f"`{field.default:%H:%M}`"
    if isinstance(field.default, Path):
        return f"`./{field.default}`"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default}`"


if __name__ == "__main__":
    print(text(), end="")
