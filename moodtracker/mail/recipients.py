"""How many mails one mailbox gets in a day of those that can be asked for at will.

Whoever asks, by whichever form and from however many addresses: nobody can fill somebody else's
mailbox. What a stranger can ask for, and what only its own person can, are counted apart, so that
no stranger uses up what its person waits for.

Of mails to addresses that are not confirmed one network can ask for so many in a day as a class of
a school needs, whosever they are: at a domain of which every address leads to one mailbox, no count
by mailbox helps. Whoever joins beyond that is here all the same, and confirms tomorrow.
"""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moodtracker import clock, upserting
from moodtracker.accounts.folding import mailbox
from moodtracker.database import Database
from moodtracker.mail.post import NOBODY, Kind
from moodtracker.models import RecipientRow, recipients
from moodtracker.secret import Secret

_DAY = timedelta(days=1)
# So many, counting all kinds that are counted together, and one of this kind does not go out any
# more. Links to a new password come last: somebody may be shut out.
_MOST = {Kind.JOIN: 4, Kind.VERIFY: 4, Kind.PREVIEW: 4, Kind.RESET: 6}

_MOST_ASKED_FROM_A_NETWORK = 30


class Recipients:
    """Counts the mails that were taken, by mailbox."""

    def __init__(self, secret: Secret) -> None:
        """Keep counts under keyed hashes: the rows tell of no address."""
        self._secret = secret

    def has_enough(self, session: Session, kind: str, address: str, user_id: int = NOBODY) -> bool:
        """Whether one more of this kind would be too many today."""
        if kind not in _MOST:
            return False
        return self._counted(session, self._key(kind, address, user_id)) >= _MOST[Kind(kind)]

    def was_asked_enough(self, session: Session, network: str) -> bool:
        """Whether one more mail would be too many today of those that this network asked for."""
        if not network:
            return False
        return self._counted(session, self._key_of(network)) >= _MOST_ASKED_FROM_A_NETWORK

    def count(self, session: Session, kind: str, address: str, user_id: int = NOBODY) -> None:
        """Count one that was taken; a day begins with the first."""
        if kind not in _MOST:
            return
        self._count(session, self._key(kind, address, user_id))

    def count_from(self, session: Session, network: str) -> None:
        """Count one that was taken, and that this network had asked for."""
        if network:
            self._count(session, self._key_of(network))

    def _counted(self, session: Session, key: str) -> int:
        """How many there were since the day of this count began."""
        row = session.execute(
            select(recipients.since, recipients.mails).where(recipients.key == key)
        ).first()
        # By a clock that has been set back since, it counts no more.
        is_of_today = row is not None and abs(clock.now() - row.since) < _DAY
        return row.mails if row is not None and is_of_today else 0

    def _count(self, session: Session, key: str) -> None:
        now = clock.now()
        over = (recipients.since <= now - _DAY) | (recipients.since >= now + _DAY)
        session.execute(delete(RecipientRow).where(recipients.key == key, over))
        row = upserting.insert(session, RecipientRow)
        session.execute(
            row.values(key=key, since=now, mails=1).on_conflict_do_update(
                index_elements=["key"], set_={"mails": recipients.mails + 1}
            )
        )

    def _key_of(self, network: str) -> str:
        return self._secret.digest("mails", f"asked from {network}")

    def _key(self, kind: str, address: str, user_id: int) -> str:
        is_own = kind == Kind.PREVIEW or (kind == Kind.RESET and user_id != NOBODY)
        return self._secret.digest("mails", f"{'own' if is_own else 'any'} {mailbox(address)}")


def forget_old(database: Database) -> None:
    """Delete the counts that no longer count."""
    with database.write() as session:
        session.execute(delete(RecipientRow).where(recipients.since <= clock.now() - _DAY))
