"""The ledger: what each act of a person's open day came to, so that none counts twice (D5).

An act is known by the name that its page gave it. Its line is written in its own transaction,
under the person's lock, and asked for first: whoever sends the act again, whenever and through
whichever instance, gets the first one's answer and changes nothing. A refusal has a line as well,
so that what was told to the person stays true whatever is still on its way.

A day's lines are kept for the next day as well: what was sent just before midnight may come again
just after, and is told what it came to. Then they go, with the person's first act, with the person,
and in time by :func:`forget_old`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, case, delete, func, insert, select
from sqlalchemy.orm import Session

from moodtracker import clock
from moodtracker.database import Database
from moodtracker.models import ActRow, acts

DONE = "done"
# More than anybody does in a day, and what one hand-made client can make the database keep of it.
MOST_A_DAY = 1000
_KEPT_ON = timedelta(days=1)
# Today may be so far from the date in UTC, by zone, day's end (0 to 5) and a move (D4).
_FURTHEST_DAY = timedelta(days=4)

_ROWS = ActRow.__table__  # type: ignore[attr-defined]
_WRITE = insert(_ROWS)
_LOOK_UP = select(
    func.max(case((acts.tap == bindparam("named"), acts.outcome))),
    func.count(case((acts.day == bindparam("on"), 1))),
    func.min(acts.day),
).where(acts.user_id == bindparam("of"))


class TooManyActs(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """The day has :data:`MOST_A_DAY` acts: until it is over, whatever else is asked is refused."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of an act: its ``outcome``, None for one that never came before."""

    outcome: str | None
    is_full: bool  # of its day: nothing makes room before that is over, so this needs no line
    has_old: bool  # lines that nobody asks for any more


def look_up(session: Session, user_id: int, today: date, day: date, tap: str) -> Ledger:
    """What the person's ledger says of the act ``tap``, whose line would stand under ``day``."""
    found = session.execute(_LOOK_UP, {"of": user_id, "on": day, "named": tap}).one()
    outcome, lines, oldest = found
    has_old = oldest is not None and oldest < today - _KEPT_ON
    return Ledger(outcome, lines >= MOST_A_DAY, has_old)


def write(session: Session, user_id: int, day: date, tap: str, outcome: str) -> None:
    """Keep what an act came to until ``day`` is over."""
    row = {"user_id": user_id, "tap": tap, "day": day, "outcome": outcome}
    session.execute(_WRITE, row)


def forget_days_over(session: Session, user_id: int, today: date) -> None:
    """Delete the person's lines of the days before yesterday."""
    session.execute(delete(ActRow).where(acts.user_id == user_id, acts.day < today - _KEPT_ON))


def forget_old(database: Database) -> None:
    """Delete the lines of days that are over for everybody; for those who do not come back."""
    with database.write() as session:
        session.execute(delete(ActRow).where(acts.day < clock.now().date() - _FURTHEST_DAY))
