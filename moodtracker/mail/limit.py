"""The mail server's hourly limit, kept over restarts and by all workers together.

Each try counts in the minute that it is made in, until the whole of that minute is an hour ago; a
lock on the installation's row lets workers take turns.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from moodtracker import clock, installation, upserting
from moodtracker.models import MailCountRow, mail_counts

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
# Of the hour's mails boards leave so many to what people wait for: a tenth, and one at least.
_FOR_PEOPLE = 10


class HourlyLimit:
    """At most so many mails in any hour."""

    def __init__(self, mails: int | None) -> None:
        """Without a number there is no limit, and nothing is counted."""
        self._mails = mails

    def is_reached(self, session: Session, *, waits_for_it: bool) -> bool:
        """Whether no mail may be tried now; ``waits_for_it``: somebody does, it may use the rest.

        Holds the turn until the transaction ends.
        """
        if self._mails is None:
            return False
        installation.lock(session)
        now = clock.now()
        # What a clock wrote that ran ahead does not count for ever.
        since = (now - _HOUR).replace(second=0, microsecond=0)
        of_this_hour = mail_counts.minute.between(since, now + _MINUTE)
        tried = session.scalar(select(func.sum(mail_counts.mails)).where(of_this_hour)) or 0
        kept_free = 0 if waits_for_it else max(1, self._mails // _FOR_PEOPLE)
        return bool(tried >= max(1, self._mails - kept_free))

    def take_back(self, session: Session, at: datetime) -> None:
        """One that was counted at this time came to nothing: there was no mail to send."""
        if self._mails is None:
            return
        minute = at.replace(second=0, microsecond=0)
        counted = (mail_counts.minute == minute, mail_counts.mails > 0)
        fewer = update(MailCountRow).where(*counted).values(mails=mail_counts.mails - 1)
        session.execute(fewer)

    def count(self, session: Session) -> None:
        """Count one try."""
        if self._mails is None:
            return
        now = clock.now()
        row = upserting.insert(session, MailCountRow)
        minute = now.replace(second=0, microsecond=0)
        session.execute(
            row.values(minute=minute, mails=1).on_conflict_do_update(
                index_elements=["minute"], set_={"mails": mail_counts.mails + 1}
            )
        )
        session.execute(delete(MailCountRow).where(mail_counts.minute < now - 2 * _HOUR))
