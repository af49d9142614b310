"""A note: a few plain words that a person keeps with a mood."""

import unicodedata

LONGEST = 280

# Controls, halves of characters, private ones. Joiners (Cf) stay, and so does what this Python's
# Unicode does not know yet: next year's emoji.
_NOT_TEXT = {"Cc", "Cs", "Co"}


class NoteTooLong(Exception):  # noqa: N818 - it is an answer to a person, not a fault
    """The note has more than :data:`LONGEST` characters."""


def clean(text: str) -> str:
    """The note as it is stored: lines end in LF, and nothing is in it that is no text.

    Raises :class:`NoteTooLong`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = "".join(
        character
        for character in lines
        if character == "\n" or unicodedata.category(character) not in _NOT_TEXT
    ).strip()
    if len(kept) > LONGEST:
        raise NoteTooLong
    return kept
