"""What an open page shows, as values: what changes of it is sent, and nothing else.

A value is named by the element that shows it. `assets/board.js` knows what to do with each: most
are the text of an element; those that begin with '<' are the element itself.
"""

from collections.abc import Iterator, Sequence

Value = str | Sequence[str] | Sequence[Sequence[str | int]]
Values = dict[str, Value]


def changes(old: Values, new: Values) -> Iterator[tuple[str, Value]]:
    """The values of ``new`` that differ from ``old``."""
    return ((name, value) for name, value in new.items() if old.get(name) != value)
