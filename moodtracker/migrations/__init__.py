"""How the schema grew, one file a step, each named by its revision.

Alembic runs them, and is loaded only where there is something to run: most starts have nothing.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
REVISIONS = tuple(sorted(file.name[:4] for file in (FOLDER / "versions").glob("[0-9]*.py")))
NEWEST = REVISIONS[-1]
