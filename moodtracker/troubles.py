"""What is wrong with this installation: for its administrators, while it lasts and once it is over.

Each trouble is a row, from when until when, so that every process shows the same, and each is told
by mail once, whichever worker comes first: one of the mail server when it is over, all others while
they last. What comes and goes within minutes is shown on the board alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, installation
from moodtracker.backups import Backups
from moodtracker.clock_watch import ClockWatch
from moodtracker.database import Database
from moodtracker.live import tell
from moodtracker.mail import post
from moodtracker.mail.breaker import Breaker
from moodtracker.models import TroubleRow, messages, sealed_years, troubles, users

# What is over sooner is told by no mail.
WORTH_A_MAIL = timedelta(minutes=15)
# Longer than a mail waits that fails by itself.
OVERDUE = timedelta(hours=6)
LONGEST_WITHOUT_BACKUP = timedelta(days=2)
_KEEP = timedelta(days=30)
_UNDER_WAY = ("pending", "sending")


class Kind(StrEnum):
    """What can be wrong, as it is stored."""

    MAIL = "mail"  # the mail server has trouble; its words
    CLOCK = "clock"  # it is in doubt (Y9)
    HELD = "held"  # boards that could not be delivered; how many
    OVERDUE = "overdue"  # a mail that is due and does not go out; since when
    BACKUP = "backup"  # none was made for days; the day of the last one


@dataclass(frozen=True, slots=True)
class Trouble:
    """One of them; ``until`` is None while it lasts, ``words`` see :class:`Kind`."""

    kind: Kind
    since: datetime
    until: datetime | None
    words: str


class Troubles:
    """Looks for what is wrong, and lets administrators know."""

    def __init__(
        self,
        database: Database,
        watch: ClockWatch,
        backups: Backups | None,
        *,
        has_mail: bool,
    ) -> None:
        """Without ``backups`` somebody else makes them; without mail nothing can be overdue."""
        self._has_mail = has_mail
        self._database = database
        self._watch = watch
        self._backups = backups

    def tick(self) -> None:
        """Write down what has begun or is over, and ask for the mails: called every minute."""
        found, now = self._look(), clock.now()
        with self._database.read() as session:
            if not self._differs(session, found, now):
                return
        with self._database.write() as session:
            installation.lock(session)  # of several workers one writes it down
            changed = self._write_down(session, found, now)
            self._ask_for_mails(session, now)
            for user_id in administrators(session) if changed else ():
                tell(session, user_id)

    def _look(self) -> dict[Kind, str]:
        found = {}
        if trouble := Breaker(self._database).trouble():
            found[Kind.MAIL] = trouble.words
        if self._watch.doubt():
            found[Kind.CLOCK] = ""
        with self._database.read() as session:
            if held := held_boards(session):
                found[Kind.HELD] = str(held)
            due_at = oldest_due_at(session) if self._has_mail else None
            if due_at and clock.now() - due_at > OVERDUE:
                found[Kind.OVERDUE] = due_at.isoformat()
            since = self._last_backup(session)
        if since and clock.now() - since > LONGEST_WITHOUT_BACKUP:
            found[Kind.BACKUP] = f"{since:%Y-%m-%d}"
        return found

    def _last_backup(self, session: Session) -> datetime | None:
        """When the last one was made; since when there is something to back up, if there is none.

        By their names: a file's own time is of another clock where the disk is elsewhere.
        """
        if self._backups is None or not self._backups.is_on:
            return None
        if made := self._backups.all():
            day = made[0].name.removeprefix("moodtracker-")[:10]
            return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
        first: datetime | None = session.scalar(select(func.min(users.created_at)))
        return first

    def _differs(self, session: Session, found: dict[Kind, str], now: datetime) -> bool:
        """Whether there is anything to write down."""
        known = {trouble.kind: trouble.words for trouble in lasting(session)}
        to_tell = session.scalar(select(func.count()).where(*_to_be_told(now)))
        return known != found or bool(to_tell)

    def _write_down(self, session: Session, found: dict[Kind, str], now: datetime) -> bool:
        known = {trouble.kind: trouble.words for trouble in lasting(session)}
        for kind in known.keys() - found.keys():
            is_short = troubles.since > now - WORTH_A_MAIL
            session.execute(delete(TroubleRow).where(*_is_lasting(kind), is_short))
            session.execute(update(TroubleRow).where(*_is_lasting(kind)).values(until=now))
        for kind in found.keys() - known.keys():
            session.execute(insert(TroubleRow).values(kind=kind, since=now, words=found[kind]))
        for kind in found.keys() & known.keys():
            if found[kind] != known[kind]:
                new = update(TroubleRow).where(*_is_lasting(kind)).values(words=found[kind])
                session.execute(new)
        session.execute(delete(TroubleRow).where(troubles.until < now - _KEEP))
        return known != found

    def _ask_for_mails(self, session: Session, now: datetime) -> None:
        """One to each administrator, of all that is not told yet."""
        told = session.execute(
            update(TroubleRow).where(*_to_be_told(now)).values(told_at=now).returning(troubles.kind)
        ).all()
        if not told:
            return
        rows = session.execute(
            select(users.id, users.email).where(
                *_is_administrator(), users.email_verified_at.is_not(None)
            )
        )
        for row in rows.all():
            # What waits since the last trouble tells of this one as well.
            post.drop(session, row.id, post.Kind.TROUBLE)
            post.ask(session, post.Kind.TROUBLE, row.email, user_id=row.id)


def lasting(session: Session) -> tuple[Trouble, ...]:
    """What is wrong now, the longest first."""
    return _read(session, troubles.until.is_(None))


def worth_telling(session: Session) -> tuple[Trouble, ...]:
    """What a mail tells of: what lasts, and what was told of or is over since yesterday."""
    is_new = or_(troubles.until.is_(None), troubles.until >= clock.now() - timedelta(days=1))
    return _read(session, is_new, troubles.told_at.is_not(None))


def held_boards(session: Session) -> int:
    """How many finished boards could not be delivered, and are still here."""
    held = (sealed_years.state == "held") & sealed_years.moods.is_not(None)
    return session.scalar(select(func.count()).where(held)) or 0


def waiting_mails(session: Session) -> int:
    """How many boards and other mails are due and not sent yet."""
    boards = sealed_years.state.in_(_UNDER_WAY) & (sealed_years.due_at <= clock.now())
    others = messages.state.in_(_UNDER_WAY)
    counts = (session.scalar(select(func.count()).where(each)) for each in (boards, others))
    return sum(count or 0 for count in counts)


def oldest_due_at(session: Session) -> datetime | None:
    """Since when the mail has been due that has waited longest; None where none waits."""
    boards = sealed_years.state.in_(_UNDER_WAY) & (sealed_years.due_at <= clock.now())
    moments = (
        session.scalar(select(func.min(sealed_years.due_at)).where(boards)),
        session.scalar(select(func.min(messages.created_at)).where(messages.state.in_(_UNDER_WAY))),
    )
    return min((moment for moment in moments if moment), default=None)


def administrators(session: Session) -> list[int]:
    """Who is to know."""
    return list(session.scalars(select(users.id).where(*_is_administrator())))


def _is_administrator() -> tuple[ColumnElement[bool], ...]:
    return users.administrator, users.disabled_at.is_(None)


def _is_lasting(kind: Kind) -> tuple[ColumnElement[bool], ...]:
    return troubles.kind == kind, troubles.until.is_(None)


def _to_be_told(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Of the mail server nobody can be told by mail before it works again."""
    before = now - WORTH_A_MAIL
    lasts = troubles.until.is_(None) & (troubles.kind != Kind.MAIL) & (troubles.since <= before)
    is_over = (troubles.kind == Kind.MAIL) & troubles.until.is_not(None)
    return troubles.told_at.is_(None), lasts | is_over


def _read(session: Session, *which: ColumnElement[bool]) -> tuple[Trouble, ...]:
    rows = session.execute(
        select(troubles.kind, troubles.since, troubles.until, troubles.words)
        .where(*which)
        .order_by(troubles.since, troubles.kind)
    )
    return tuple(Trouble(Kind(row.kind), row.since, row.until, row.words) for row in rows)
