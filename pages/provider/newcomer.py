"""Somebody who came back from the provider, and whose identity leads to no account yet.

What the provider said of them goes along in the page's form, signed, and counts only together with
the attempt that the same browser still carries.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from fastapi import Request
from starlette.responses import Response

from moodtracker.accounts.attempt import LIFETIME, Attempt
from moodtracker.accounts.identity import AttemptOver, Identity
from moodtracker.accounts.tickets import TicketRefused, Tickets
from moodtracker.app import App
from pages import parts
from pages.provider import away

_FIELD = "ticket"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """How they set out, and who came back."""

    attempt: Attempt
    identity: Identity

    @classmethod
    def of_form(cls, request: Request, app: App, given: Mapping[str, str]) -> "Newcomer":
        """Who posted a form of theirs; raises :class:`AttemptOver`."""
        try:
            content = _tickets(app).take(given.get(_FIELD, ""))
        except TicketRefused:
            raise AttemptOver from None
        attempt = away.attempt_of(request, app, content["state"])
        return cls(attempt, Identity(**content["identity"]))

    def goes_along(self, app: App) -> None:
        """Put into the form under construction what :meth:`of_form` reads."""
        content = {"state": self.attempt.state, "identity": asdict(self.identity)}
        parts.hidden(_FIELD, _tickets(app).give(content))


def private(answer: Response) -> Response:
    """Such a page is kept by no cache."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _tickets(app: App) -> Tickets:
    return Tickets(app.secret, "newcomer", LIFETIME)
