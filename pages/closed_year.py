"""The card of the year that has ended, for as long as the server still has it."""

from html import escape

from moodtracker.accounts.people import Person
from moodtracker.closed_years import ClosedYear
from moodtracker.drawing.html import MONTHS
from pages import keeping


def card(closed: ClosedYear | None, person: Person) -> str:
    """What became of the year, with its downloads; an empty place where there is none."""
    if closed is None:
        return '<div id="closed-year" hidden></div>'
    return (
        '<section id="closed-year" class="card" aria-labelledby="closed-heading">'
        f'<h2 id="closed-heading">Your {closed.year} is complete</h2>'
        f"<p>{_delivery(closed, person)}</p>"
        f"{keeping.links(closed.year)}</section>"
    )


def _delivery(closed: ClosedYear, person: Person) -> str:
    to = f"<b>{escape(person.email or '')}</b>"
    if closed.state == "sent" and closed.erased_from:
        erased = f"{closed.erased_from.day} {MONTHS[closed.erased_from.month - 1]}"
        return f"It was mailed to {to}. From {erased} on it is here no more."
    if closed.state == "held":
        return f"It could not be delivered to {to}. Please keep a copy from here."
    if closed.state in ("no_address", "opted_out"):
        return "It is not mailed. Please keep a copy from here."
    return f"It is on its way to {to}, and stays here until it has arrived."
