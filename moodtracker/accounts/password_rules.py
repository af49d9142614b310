"""What may be a password: long enough, and not among the first that somebody would guess.

There are no rules about what it is made of (NIST SP 800-63B, 3.1.1.2): a sentence is fine.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from moodtracker.accounts import passwords
from moodtracker.language import gettext as _

_LONGEST_ESTIMATED = 40  # more would only cost time
_MOST_SUBSTITUTIONS = 8
_FEWEST_GUESSES = 10**6  # what a thousand addresses can try in a week, in spite of all delays
_KNOWN_TO_ALL = ("moodtracker", "password")
_SHORTEST_PART = 3
_SHORTEST_REST = 6


def refusal(password: str, names: Iterable[str]) -> str:
    """Why this cannot be a password, in a sentence; '' where it can.

    ``names`` are the person's own, and what else a stranger knows of them. The estimate of how
    soon it is guessed is zxcvbn's, by lists of common passwords, words and names (Wheeler, USENIX
    Security 2016).
    """
    if len(password) < passwords.SHORTEST:
        return _("At least {number} characters, please; a sentence is fine.").format(
            number=passwords.SHORTEST
        )
    if len(password) > passwords.LONGEST:
        return _("At most {number} characters, please.").format(number=passwords.LONGEST)
    if any(unicodedata.category(character) == "Cs" for character in password):
        return _("This contains half a character. Please type it again.")
    if _is_guessed_soon(password) or _is_made_of(_KNOWN_TO_ALL, password):
        return _("This is among the first that somebody would guess. Take a few words in a row.")
    if _is_made_of(_parts(names), password):
        return _("This is made of your own name or address. Please choose something else.")
    return ""


def _is_guessed_soon(password: str) -> bool:
    found = _estimator()(password[:_LONGEST_ESTIMATED])
    return bool(found["guesses"] < _FEWEST_GUESSES)


@lru_cache(maxsize=1)
def _estimator() -> Callable[[str], dict[str, Any]]:
    """zxcvbn, kept from trying every way to read "4@8({[<" as letters.

    There are hundreds for one who writes each letter in each way, and each is looked up whole:
    that takes seconds. Nobody's password is easier to guess for the ninth.
    """
    from zxcvbn import matching, zxcvbn  # noqa: PLC0415 - its lists take time and memory to load

    all_in_use = matching.relevant_l33t_subtable

    def few_in_use(password: str, table: Mapping[str, list[str]]) -> dict[str, list[str]]:
        kept: dict[str, list[str]] = {}
        ways = 1
        for letter, symbols in all_in_use(password, table).items():
            ways *= len(symbols)
            if ways <= _MOST_SUBSTITUTIONS:
                kept[letter] = symbols
            else:
                ways //= len(symbols)
        return kept

    matching.relevant_l33t_subtable = few_in_use
    return zxcvbn  # type: ignore[no-any-return]


def _is_made_of(parts: Iterable[str], password: str) -> bool:
    """Whether hardly anything stays of the password once these are taken out of it."""
    rest = password.casefold()
    for part in sorted(parts, key=len, reverse=True):
        rest = rest.replace(part, "")
    return len(rest) < _SHORTEST_REST


def _parts(names: Iterable[str]) -> set[str]:
    """The names whole and in parts: of 'ada@example.org' the parts are 'ada', 'example', 'org'."""
    whole = [name.casefold() for name in names]
    words = "".join(letter if letter.isalnum() else " " for letter in " ".join(whole)).split()
    return {part for part in (*whole, *words) if len(part) >= _SHORTEST_PART}
