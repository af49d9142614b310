"""A large database as an older version left it."""

import sqlite3
from contextlib import closing
from pathlib import Path

_STORED = Path(__file__).resolve().parents[1] / "fixtures" / "databases"
PEOPLE, DAYS = 60, 330
# What SQLite puts aside for a way back is in memory up to 64 kB; these are some megabytes.
_FILL = f"""
WITH RECURSIVE who(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM who WHERE n < {PEOPLE})
INSERT INTO users (id, username, email, first_name, last_name, password_hash, zone, created_at)
SELECT n + 1000, 'many' || n, 'many' || n || '@example.org', 'Ada', '', 'none', 'UTC', '2026-01-01'
FROM who;
WITH RECURSIVE past(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n < {DAYS} - 1)
INSERT INTO entries (user_id, day, slot, mood, recorded_at, tap)
SELECT id, date('2026-01-01', past.n || ' days'), slot, 4, '2026-01-01 12:00:00', hex(randomblob(8))
FROM users, past, (SELECT 1 AS slot UNION SELECT 2) WHERE users.id > 1000;
"""


def make_old_database(file: Path, revision: str) -> None:
    """What is stored of that revision, and ``PEOPLE`` with two moods on each of ``DAYS`` days."""
    with closing(sqlite3.connect(file)) as database:
        database.executescript((_STORED / f"{revision}.sqlite.sql").read_text())
        database.executescript(_FILL)
        database.commit()
