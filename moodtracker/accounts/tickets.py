"""Tickets: what a browser carries for us for a while, and cannot change.

Nothing about them is kept here, so that any instance takes what another one gave.
"""

from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from moodtracker import clock
from moodtracker.secret import Secret


class TicketRefused(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """The ticket is none of ours, was changed, or is too old."""


class Tickets:
    """Gives out and takes back tickets for one purpose: one for another is refused."""

    def __init__(self, secret: Secret, purpose: str, lifetime: timedelta) -> None:
        """Sign (HMAC) with a key of this purpose's own."""
        self.lifetime = lifetime
        self._serializer = URLSafeSerializer(secret.key(f"ticket {purpose}"), salt=purpose)

    def give(self, content: dict[str, Any]) -> str:
        """A ticket for ``content``, which is JSON; it can be read by who carries it."""
        until = clock.now() + self.lifetime
        return str(self._serializer.dumps({**content, "until": until.isoformat()}))

    def take(self, ticket: str) -> dict[str, Any]:
        """What the ticket was given for; raises :class:`TicketRefused`."""
        try:
            content: dict[str, Any] = self._serializer.loads(ticket)
        except BadData:
            raise TicketRefused from None
        if datetime.fromisoformat(content.pop("until")) < clock.now():
            raise TicketRefused
        return content
