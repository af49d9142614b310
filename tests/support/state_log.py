"""The truth about entries: each change of a row, in the order in which they were made.

Triggers write it in the transaction that makes the change; the lock on the person puts the changes
of one person in order.
"""

import time
from collections import defaultdict

from sqlalchemy import text

from moodtracker.database import Database
from support.histories import Entry, Place, State

_POSTGRESQL = [
    """CREATE TABLE state_log (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at double precision DEFAULT extract(epoch FROM clock_timestamp()),
        user_id int, day text, slot int, mood int, tap text, note text)""",
    """CREATE FUNCTION log_state() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN
            INSERT INTO state_log (user_id, day, slot) VALUES (OLD.user_id, OLD.day, OLD.slot);
        ELSE
            INSERT INTO state_log (user_id, day, slot, mood, tap, note)
            VALUES (NEW.user_id, NEW.day, NEW.slot, NEW.mood, NEW.tap, NEW.note);
        END IF;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER log_state AFTER INSERT OR UPDATE OR DELETE ON entries
        FOR EACH ROW EXECUTE FUNCTION log_state()""",
]
_SQLITE = [
    """CREATE TABLE state_log (
        id integer PRIMARY KEY, at real DEFAULT ((julianday('now') - 2440587.5) * 86400),
        user_id int, day text, slot int, mood int, tap text, note text)""",
    *(
        f"""CREATE TRIGGER log_{kind} AFTER {kind} ON entries BEGIN
            INSERT INTO state_log (user_id, day, slot, mood, tap, note)
            VALUES ({row}.user_id, {row}.day, {row}.slot, {kept}); END"""
        for kind, row, kept in (
            ("INSERT", "NEW", "NEW.mood, NEW.tap, NEW.note"),
            ("UPDATE", "NEW", "NEW.mood, NEW.tap, NEW.note"),
            ("DELETE", "OLD", "NULL, NULL, NULL"),
        )
    ),
]


def begin(database: Database) -> None:
    """Log from now on."""
    with database.write() as session:
        for statement in _SQLITE if database.is_sqlite else _POSTGRESQL:
            session.connection().exec_driver_sql(statement)


def states(database: Database) -> dict[int, list[State]]:
    """What each person's diary has held, by the time of ``time.monotonic()``."""
    found: dict[int, list[State]] = defaultdict(lambda: [State(0, {})])
    to_monotonic = time.monotonic() - time.time()
    with database.read() as session:
        rows = session.execute(
            text("SELECT user_id, at, day, slot, mood, tap, note FROM state_log ORDER BY id")
        ).all()
    for user_id, at, day, slot, mood, tap, note in rows:
        before = found[user_id][-1].diary
        after = {place: entry for place, entry in before.items() if place != (day, slot)}
        if mood is not None:
            after[day, slot] = Entry(mood, tap, note)
        if after != before:
            found[user_id].append(State(at + to_monotonic, after))
    return found


def kept(database: Database) -> dict[int, dict[Place, Entry]]:
    """What stands in the rows now, by person."""
    found: dict[int, dict[Place, Entry]] = defaultdict(dict)
    with database.read() as session:
        rows = session.execute(
            text("SELECT user_id, CAST(day AS text), slot, mood, tap, note FROM entries")
        )
        for user_id, day, slot, mood, tap, note in rows:
            found[user_id][day, slot] = Entry(mood, tap, note)
    return found
